-- What the role that serves may do: the least that the verbs need. It owns nothing, cannot change the schema, cannot delete a
-- consent, and can neither change nor delete a row of the log or of the feed.
grant usage on schema public to samtykke_app;
grant execute on function business_now, feed_base, feed_seal, feed_state, feed_keep_partitions, purge_past_retention to samtykke_app;

grant select on installation, permission_switch, client, client_purpose, person, consent, audit_log, creditor,
  delivered_customer, delivered_loan, feed_head, feed_event to samtykke_app;
grant select, insert, update, delete on oauth_artefact to samtykke_app;
grant insert on client, client_purpose, person, consent, audit_log, feed_pending, creditor to samtykke_app;
grant update (is_on) on permission_switch to samtykke_app;
grant update (open) on client_purpose to samtykke_app;
grant update (name, enabled, secret_hashes, may_register_agreements, may_read_events, may_use_openid, redirect_uris) on client to samtykke_app;
grant update (archived_at, archived_reason) on consent to samtykke_app;
grant update (name, provider_id, base_url, enabled) on creditor to samtykke_app;
grant insert, update, delete on delivered_customer, delivered_loan to samtykke_app;
