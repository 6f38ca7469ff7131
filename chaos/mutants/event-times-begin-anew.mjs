// What is forgotten in event time is restored with the time of the row that wrote it; here with the watermark before the next one.
export const file = 'src/operators/kept-value.ts';
export const from = `    read: (from): Mortal => ({ writtenAt: from.f64(), kept: inner.read(from) }),
`;
export const to = `    read: (from): Mortal => ({ writtenAt: time === 'event' ? (from.f64(), moment()) : from.f64(), kept: inner.read(from) }),
`;
