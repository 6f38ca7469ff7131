// The records of the benchmark, as their text: readings of devices, of which about a half passes the filter; the last one does.
export const filterLeast = 20;

const devices = 1000;

/** The same for the same index. */
export function record(index, rows) {
  const mixed = Math.imul(index + 1, 0x9e3779b1) >>> 0;
  const temperature = index === rows - 1 ? 30 : 10 + (mixed % 2001) / 100;
  return JSON.stringify({
    deviceId: `device-${mixed % devices}`,
    temperature,
    humidity: 30 + (index % 500) / 10,
    timestamp: 1_767_225_600_000 + index * 10,
    serial: index,
  });
}

/** Bodies of messages, of so many records each. */
export function* bodies(rows, perMessage) {
  for (let begin = 0; begin < rows; begin += perMessage) {
    const lines = [];
    for (let i = begin; i < Math.min(rows, begin + perMessage); i++) lines.push(record(i, rows));
    yield lines.join('\n');
  }
}
