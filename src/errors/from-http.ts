import { maskNins } from '../person/nin.ts';
import { DomainError } from './domain-error.ts';

/** A failed check of a JSON Schema, as ajv tells it (with `verbose`). */
interface SchemaViolation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Record<string, unknown>;
  readonly parentSchema?: Record<string, unknown>;
}

/**
 * Whatever went wrong while a request was handled, as a DomainError: ours as they are, the web framework's by their codes, and
 * anything else as a server error with a fixed sentence and the original as its cause, for the log.
 */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  // The authorization server's library wraps what its storage throws.
  if (error instanceof Error && error.cause instanceof DomainError) return error.cause;
  const { code, statusCode, validation } = (error ?? {}) as {
    code?: unknown;
    statusCode?: unknown;
    validation?: SchemaViolation[];
  };
  if (Array.isArray(validation))
    return new DomainError('invalid_request', violationSentence(validation), { cause: error });
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DomainError('payload_too_large', 'the body is larger than 64 KiB', { cause: error });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new DomainError('unsupported_media_type', 'send the body as JSON, with Content-Type: application/json', {
        cause: error,
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new DomainError('invalid_request', 'the body is empty: send a JSON object', { cause: error });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new DomainError('invalid_request', 'the body is not as long as Content-Length says', { cause: error });
    default:
      if (statusCode === 400) return new DomainError('invalid_request', 'the body is not valid JSON', { cause: error });
      return new DomainError('server_error', 'An unexpected server error occurred', { cause: error });
  }
}

/**
 * What to mend, in a sentence that names the field and never its value. A schema says what it wants in `x-says`, as the end of
 * «field must be …».
 */
function violationSentence(violations: readonly SchemaViolation[]): string {
  const violation =
    violations.find((candidate) => typeof candidate.parentSchema?.['x-says'] === 'string') ?? violations[0];
  if (violation === undefined) return 'the request is not as it should be';
  const field = violation.instancePath.slice(1).replaceAll('/', '.');
  switch (violation.keyword) {
    case 'required':
      return `${String(violation.params['missingProperty'])} is missing`;
    case 'additionalProperties':
      return `'${maskNins(String(violation.params['additionalProperty'])).slice(0, 60)}' is not a field of this request: leave it out`;
    default: {
      const wanted = violation.parentSchema?.['x-says'];
      return field === ''
        ? 'the body must be a JSON object'
        : `${field} must be ${typeof wanted === 'string' ? wanted : 'of another form'}`;
    }
  }
}
