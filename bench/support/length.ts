/** Whether the careful figures are wanted (`--long`), and not all of them within ten minutes. */
export const isLong = process.env['SAMTYKKE_BENCH_LONG'] === '1';

/** Where a profile of what is measured is to be written (`--profile`); undefined: nowhere. */
export const profileFolder = process.env['SAMTYKKE_BENCH_PROFILE'];
