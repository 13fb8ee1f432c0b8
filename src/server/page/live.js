// Asks the server again and again what it does, and says when it cannot be reached.

const interval_ms = 500;
const hidden_interval_ms = 2000;
const timeout_ms = 8000;
const backoff_ms = [1000, 2000, 4000, 8000, 15000];

export class Live {
  // on.report(report), on.lost(seconds until the next try, why)
  constructor(on) {
    this.on = on;
    this.endedAfter = 0;
    this.failures = 0;
    this.timer = 0;
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now();
    });
    window.addEventListener('online', () => this.now());
  }

  now() {
    clearTimeout(this.timer);
    if (!this.asking) this.ask();
  }

  async ask() {
    const begin = performance.now();
    this.asking = true;
    try {
      const response = await fetch(`../api/live?ended_after=${this.endedAfter}`,
        {cache: 'no-store', signal: AbortSignal.timeout(timeout_ms)});
      if (!response.ok) throw new Error(`the server answers ${response.status}`);
      const report = await response.json();
      if (this.instance !== undefined && report.instance !== this.instance && this.endedAfter > 0) {
        // Another server: its numbers begin anew.
        this.instance = report.instance;
        this.endedAfter = 0;
        this.asking = false;
        return this.ask();
      }
      this.instance = report.instance;
      this.endedAfter = report.ended_count;
      this.failures = 0;
      this.asking = false;
      this.on.report(report);
      const spent = performance.now() - begin;
      const wanted = document.hidden ? hidden_interval_ms : interval_ms;
      // A server that answers slowly is asked less often.
      this.later(Math.max(wanted - spent, spent, 100));
    } catch (error) {
      this.asking = false;
      const wait = backoff_ms[Math.min(this.failures++, backoff_ms.length - 1)];
      this.on.lost(wait, error.name === 'TimeoutError' ? 'it does not answer in time' : 'no connection');
      this.later(wait);
    }
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), ms);
  }
}
