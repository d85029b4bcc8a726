/**
 * Runs one program of Almanac under the supervisor: `child.js PROGRAM`.
 * When the supervisor is gone (its end of the channel closes, even by SIGKILL), the program gets SIGTERM.
 */
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  // A program that does not stop by itself must not outlive its supervisor.
  setTimeout(() => process.exit(1), 10_000).unref();
});

const program = process.argv[2];
if (program === undefined) throw new Error('child.js needs the program to run.');
await import(program);
