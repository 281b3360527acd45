/** One variable of the environment: documentation and default come from here, and nowhere else. */
export interface Variable {
  readonly name: string;
  readonly what: string;
  /** As shown to people; undefined: none. */
  readonly fallback?: string;
}

/** All of them, in the order in which people are told about them. */
export const VARIABLES = [
  {
    name: 'SAMTYKKE_MODE',
    what: '`sandbox` or `production`; when not set, `production` if NODE_ENV says so',
    fallback: 'sandbox',
  },
  { name: 'PORT', what: 'port to listen on; 0 takes a free one; --port is the same', fallback: '4000' },
  { name: 'HOST', what: 'address to listen on', fallback: 'localhost; production 0.0.0.0' },
  {
    name: 'PUBLIC_URL',
    what: 'address by which the world reaches us, without a path',
    fallback: 'http://localhost:PORT',
  },
  {
    name: 'ACCESS_URL',
    what: 'the authorization server (issuer), where it has a name of its own',
    fallback: 'PUBLIC_URL',
  },
  {
    name: 'API_URL',
    what: 'the APIs, where they have a name of their own; the audiences begin with it',
    fallback: 'PUBLIC_URL',
  },
  { name: 'PORTAL_URL', what: 'the portal, where it has a name of its own', fallback: 'PUBLIC_URL' },
  {
    name: 'DATABASE_URL',
    what: 'an own PostgreSQL (15 or newer): the login that serves',
    fallback: 'an embedded PostgreSQL in DATA_DIR',
  },
  { name: 'DATABASE_OWNER_URL', what: 'the login that owns the schema and migrates it', fallback: 'DATABASE_URL' },
  {
    name: 'DATABASE_DIRECT_URL',
    what: 'the login that serves, past a pooler; set it where DATABASE_URL leads through one in transaction mode',
    fallback: 'none: there is no such pooler',
  },
  { name: 'DATABASE_POOL_SIZE', what: 'connections to the database', fallback: '10' },
  { name: 'DATA_DIR', what: 'folder for the embedded PostgreSQL, the sandbox keys and logs', fallback: '.data' },
  {
    name: 'KEYS_FILE',
    what: 'file with all keys; production needs one that it did not get from a sandbox',
    fallback: 'sandbox: DATA_DIR/keys.json, made at first start',
  },
  {
    name: 'LOGIN_ISSUER',
    what: 'OpenID Connect provider that people log in with; production needs it',
    fallback: 'sandbox: its own TestID',
  },
  {
    name: 'LOGIN_CLIENT_ID',
    what: 'the id under which the login provider knows us; production needs it',
    fallback: 'sandbox: samtykke',
  },
  {
    name: 'LOGIN_CLIENT_SECRET',
    what: 'our secret there; without one we prove ourselves with the `login` key of KEYS_FILE (private_key_jwt)',
    fallback: 'none',
  },
  {
    name: 'LOGIN_PRESET',
    what: '`idporten`, or `generic` for any other OpenID Connect provider: what LOGIN_LEVELS is when not set',
    fallback: 'idporten',
  },
  {
    name: 'LOGIN_LEVELS',
    what: 'levels of login (`acr`) that are good enough, lowest first, with commas between',
    fallback: 'idporten: idporten-loa-substantial,idporten-loa-high; generic: not asked, not checked',
  },
  { name: 'LOGIN_NIN_CLAIM', what: 'claim of the ID token that holds the personal number', fallback: 'pid' },
  { name: 'LOGIN_SCOPE', what: 'scopes that the login asks for', fallback: 'openid profile' },
  {
    name: 'OPERATOR_NAME',
    what: 'who runs this installation, as people are told on the privacy page; production needs it',
    fallback: 'sandbox: an invented one',
  },
  {
    name: 'OPERATOR_EMAIL',
    what: 'where people write about their data, as told there; production needs it',
    fallback: 'sandbox: an invented one',
  },
  {
    name: 'LOG_FILE',
    what: 'file for the log, or `-` for standard output',
    fallback: 'sandbox: DATA_DIR/samtykke.log; production -',
  },
  { name: 'LOG_LEVEL', what: '`debug`, `info`, `warn` or `error`', fallback: 'info' },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    what: 'an OpenTelemetry collector that takes traces over OTLP/HTTP, without `/v1/traces`',
    fallback: 'none: nothing is traced',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    what: 'headers for it, as `name=value,name=value`, percent-encoded',
    fallback: 'none',
  },
  { name: 'OTEL_SERVICE_NAME', what: 'what traces call this node', fallback: 'samtykke' },
  {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    what: 'of how many requests a trace is kept: 0 none, 0.1 a tenth, 1 all',
    fallback: '1',
  },
  { name: 'LOOKUP_DEADLINE_MS', what: 'how long a lookup waits for creditors', fallback: '3000' },
  { name: 'CREDITOR_CONNECTIONS', what: 'requests under way at once to one creditor', fallback: '16' },
  {
    name: 'CREDITOR_CA_FILE',
    what: "authorities (PEM) that the certificates of creditors' servers come from",
    fallback: 'sandbox: its own; production: the public ones that Node knows',
  },
  {
    name: 'CREDITOR_CERT_FILE',
    what: 'our client certificate (PEM, and what lies between it and its authority), by which creditors know us; production needs it to call any',
    fallback: 'sandbox: its own',
  },
  {
    name: 'CREDITOR_KEY_FILE',
    what: 'the private key of that certificate (PEM, without a password)',
    fallback: 'sandbox: its own',
  },
  {
    name: 'CREDITOR_CERTS_DIR',
    what: 'folder with further client certificates of ours, for creditors that know us by one of these: NAME.pem and NAME.key, in the same form (`samtykke creditor add --client-certificate NAME`)',
    fallback: 'none',
  },
  {
    name: 'PUSH_PORT',
    what: 'port where creditors deliver (`POST /loans`), over mutual TLS; 0 takes a free one',
    fallback: 'sandbox: PORT + 443; production: none, and nobody can push',
  },
  { name: 'PUSH_HOST', what: 'address to listen on for that', fallback: 'HOST' },
  {
    name: 'PUSH_CERT_FILE',
    what: 'our server certificate there (PEM, and what lies between it and its authority)',
    fallback: 'sandbox: its own',
  },
  { name: 'PUSH_KEY_FILE', what: 'the private key of that certificate', fallback: 'sandbox: its own' },
  {
    name: 'PUSH_CA_FILE',
    what: 'authorities (PEM, of one environment) that the certificates of those who deliver come from',
    fallback: 'sandbox: its own',
  },
  {
    name: 'PUSH_PROXIES',
    what: 'addresses or networks of proxies that end mutual TLS in front of that port, with commas between: only theirs is PUSH_CERT_HEADER believed',
    fallback: 'none',
  },
  {
    name: 'PUSH_CERT_HEADER',
    what: 'header in which they hand on the certificate of who delivers: PEM, URL-encoded; or as in RFC 9440',
    fallback: 'client-cert',
  },
  {
    name: 'COLLECT_AT_ONCE',
    what: 'how many creditors this node collects from at once (getalldata); 0: it leaves that to other nodes',
    fallback: '4',
  },
  { name: 'COLLECT_PAGE_MB', what: 'how large a page of a collection may be', fallback: '500' },
  {
    name: 'COLLECT_STALL_SECONDS',
    what: 'how long a collection waits while nothing comes',
    fallback: 'sandbox 5; production 60',
  },
  { name: 'COLLECT_MINUTES', what: 'how long a collection may take', fallback: '180' },
  {
    name: 'DELIVERED_STALE_HOURS',
    what: 'how old a delivery may be to stand in for a creditor that does not answer',
    fallback: '48',
  },
  {
    name: 'DELIVERED_RETENTION_DAYS',
    what: 'how long loans are kept of those who deliver no more',
    fallback: '30',
  },
  { name: 'DELIVERY_RUN_RETENTION_DAYS', what: 'how long it is kept what became of a delivery', fallback: '366' },
  {
    name: 'RATE_LIMIT_PER_MINUTE',
    what: 'requests a minute for each client, and for pages from each address, on each node; 0: no limit',
    fallback: 'sandbox 600000; production 6000',
  },
  {
    name: 'TRUSTED_PROXIES',
    what: 'addresses or networks of proxies in front, with commas between: who sends is then read from X-Forwarded-For',
    fallback: 'none',
  },
  {
    name: 'DRAIN_SECONDS',
    what: 'how long after SIGTERM a node still takes requests, while /health/ready says 503: until load balancers leave it',
    fallback: 'sandbox 0; production 5',
  },
  { name: 'SHUTDOWN_SECONDS', what: 'how long SIGTERM waits for what is in flight', fallback: '20' },
  {
    name: 'FEED_WAITING_PER_CLIENT',
    what: 'how many requests of one client may wait for events at once (`waitSeconds`, streams), on each node',
    fallback: '20',
  },
  { name: 'FEED_WAITING', what: 'how many of all clients together', fallback: '2000' },
  {
    name: 'WEBHOOKS_AT_ONCE',
    what: 'how many webhooks this node sends for at once; 0: it leaves that to other nodes',
    fallback: '64',
  },
  { name: 'WEBHOOK_TIMEOUT_SECONDS', what: 'how long a webhook may take to answer a message', fallback: '15' },
  { name: 'FEED_READABLE_DAYS', what: 'how long events can be read', fallback: '7' },
  { name: 'FEED_RETENTION_DAYS', what: 'how long events are kept', fallback: '30' },
  { name: 'CONSENT_RETENTION_DAYS', what: 'how long the proof of a consent is kept after its end', fallback: '1096' },
  { name: 'LOG_RETENTION_DAYS', what: 'how long the log of accesses and changes is kept', fallback: '1096' },
  {
    name: 'SANDBOX_PERSONS',
    what: 'generated persons with debt, besides the test persons (sandbox only)',
    fallback: '0',
  },
  { name: 'NIN_RULE_2032', what: '`true` accepts the control digits that come in 2032', fallback: 'false' },
] as const satisfies readonly Variable[];
