import { FIND_WITH_CALLER } from '../../src/consent/store.ts';
import type { ConnectionKind } from './bare-http.ts';

/** What a node reads a single row over: its baselines do it over the same kind. */
export const READS_OVER: ConnectionKind = 'together' in FIND_WITH_CALLER ? 'pipelined' : 'pool';
