const SAMPLE_MS = 10;
const MIB = 2 ** 20;

/**
 * Looks at the resident set of this process while something runs beside the main thread.
 *
 * @returns the action's value and the largest resident set seen, in MiB
 */
export async function whilePeakRss<Value>(
  action: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly rssMb: number }> {
  let most = process.memoryUsage.rss();
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, SAMPLE_MS);
  try {
    const value = await action();
    look();
    return { value, rssMb: most / MIB };
  } finally {
    clearInterval(timer);
  }
}
