/** Whether `SAMTYKKE_TEST_THOROUGH=1` asks for all that there is to try, and time is no object. */
export const isThorough = process.env['SAMTYKKE_TEST_THOROUGH'] === '1';

/**
 * How much of a torture is done: few rounds in each run of the tests, so that they are run, and many where somebody asks for them.
 * What is asserted of them is the same.
 */
export const sized = (few: number, many: number): number => (isThorough ? many : few);
