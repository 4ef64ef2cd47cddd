/**
 * The sample app, a process of its own: writes a log file as a Spring Boot service does, with JSON lines and stack traces among them, and
 * rotates it (rename, then a new file). What it wrote stands in a second file that the sidecar does not see: one `TIME\tLINE` a line.
 *
 *     node app.ts LOG TRUTH SECONDS        (SECONDS 0: until SIGTERM)
 */
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';

const [log, truth, seconds] = process.argv.slice(2) as [string, string, string];
/** Lines in a burst, ms between bursts, ms between rotations. */
const BURST = 120;
const EVERY_MS = 40;
const ROTATE_MS = 2000;
const KEEP = 4;

const truthFile = openSync(truth, 'w');
let file = openSync(log, 'a');
let lines = 0;
let errors = 0;
let rotations = 0;
let orders = 0;
const started = Date.now();
let rotatedAt = started;

function rotate(): void {
  closeSync(file);
  for (let i = KEEP; i > 0; i--) if (existsSync(`${log}.${i}`)) renameSync(`${log}.${i}`, `${log}.${i + 1}`);
  renameSync(log, `${log}.1`);
  file = openSync(log, 'a');
  rotations += 1;
  rotatedAt = Date.now();
}

/** The lines of one event. */
function event(): string[] {
  const n = ++orders;
  const time = new Date().toISOString();
  const spring = (level: string, logger: string, text: string): string =>
    `${time.replace('T', ' ').slice(0, -1)} [http-nio-8080-exec-${(n % 10) + 1}] ${level.padEnd(5)} k.s.orders.${logger} - ${text}`;
  if (n % 400 === 0) {
    errors += 1;
    return [
      spring('ERROR', 'PaymentClient', `order ${n}: payment refused`),
      `java.lang.IllegalStateException: order ${n} has no payment`,
      `\tat k.s.orders.PaymentClient.pay(PaymentClient.java:${40 + (n % 50)})`,
      `\tat k.s.orders.OrderService.accept(OrderService.java:${100 + (n % 50)})`,
      `Caused by: java.net.SocketTimeoutException: order ${n} timed out`,
      '\t... 12 common frames omitted',
    ];
  }
  if (n % 3 === 0) {
    const level = n % 600 === 3 ? 'ERROR' : 'INFO';
    if (level === 'ERROR') errors += 1;
    return [
      `{"@timestamp":"${time}","level":"${level}","logger":"k.s.orders.Audit","message":"order ${n} stored","order":{"id":${n},"total":${n}.10},"café":"é"}`,
    ];
  }
  if (n % 50 === 0) return [spring('WARN', 'StockClient', `order ${n}: stock is low`)];
  return [spring('INFO', 'OrderService', `order ${n} accepted in ${n % 40} ms`)];
}

const timer = setInterval(() => {
  const now = Date.now();
  const batch: string[] = [];
  while (batch.length < BURST) batch.push(...event());
  lines += batch.length;
  writeSync(file, `${batch.join('\n')}\n`);
  writeSync(truthFile, batch.map((line) => `${now}\t${line}\n`).join(''));
  if (now - rotatedAt >= ROTATE_MS) rotate();
  process.send?.({ lines, errors, rotations });
  if (Number(seconds) > 0 && now - started >= Number(seconds) * 1000) end();
}, EVERY_MS);

function end(): void {
  clearInterval(timer);
  closeSync(file);
  closeSync(truthFile);
  process.disconnect?.();
}
process.on('SIGTERM', end);
process.on('SIGINT', () => undefined); // Ctrl-C is the demo's: it ends us
