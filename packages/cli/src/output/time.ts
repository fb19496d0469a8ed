/** `11/22/2026 17:08:00`, local time, as MIT's klist prints times (seconds since 1970). */
export function formatTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = [two(time.getMonth() + 1), two(time.getDate()), String(time.getFullYear())];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two);
  return `${day.join('/')} ${clock.join(':')}`;
}

/** `17:08`, local time (milliseconds since 1970). */
export function formatClock(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}
