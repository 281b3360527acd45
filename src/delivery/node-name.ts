import { hostname } from 'node:os';

/** Which process did something, for operators: the machine and the process. */
export const nodeName = (pid: number | undefined = process.pid): string => `${hostname()}:${pid ?? 0}`;
