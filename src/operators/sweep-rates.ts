/** Entries of keyed state that are looked at for each row: so what is over never is more than what lives. */
export const sweptPerRow = 2;
/** Entries that are looked at for each barrier, so that what is over goes though no row comes. */
export const sweptPerBarrier = 1024;
