//! What came out: a table for people, and JSON for comparisons.

use std::fs;

use serde_json::{Value, json};

use super::args::Args;
use super::drive::Measured;

/// One line of the table.
pub(super) struct Row {
    pub(super) scenario: String,
    pub(super) sessions: u32,
    pub(super) measured: Measured,
    /// More, in words; each begins a line of its own.
    pub(super) remarks: Vec<String>,
}

/// Everything that was found.
pub(super) struct Report {
    machine: Value,
    rows: Vec<Value>,
    failed: Vec<String>,
}

impl Report {
    /// Says on which machine, and how.
    pub(super) fn begin(args: &Args) -> Report {
        let machine = json!({
            "processor": processor(),
            "cores": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            "kernel": first_line("/proc/sys/kernel/osrelease"),
            "load": first_line("/proc/loadavg"),
            "store": args.store,
            "seconds": args.seconds,
            "connections": args.connections,
        });
        println!(
            "{} ({} cores), Linux {}, load {}; store {}, {} connections, {} s each after 1 s of warm-up",
            machine["processor"].as_str().unwrap_or_default(),
            machine["cores"],
            machine["kernel"].as_str().unwrap_or_default(),
            machine["load"].as_str().unwrap_or_default(),
            args.store,
            args.connections,
            args.seconds
        );
        Report {
            machine,
            rows: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Begins the figures of one size.
    pub(super) fn section(&self, sessions: u32) {
        println!("\n{sessions} sessions");
        println!(
            "{:26} {:>9} {:>9} {:>9} {:>7} {:>8} {:>10} {:>8}",
            "scenario", "rate/s", "p50 ms", "p99 ms", "errors", "CPU s", "per CPU s", "RSS MiB"
        );
    }

    /// Says something in words.
    pub(super) fn remark(&self, words: &str) {
        println!("  {words}");
    }

    /// Adds a line.
    pub(super) fn row(&mut self, row: Row) {
        let m = &row.measured;
        let per_cpu = m.per_cpu_second();
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
        };
        let rate = (m.requests > 0).then(|| m.rate());
        println!(
            "{:26} {:>9} {:>9} {:>9} {:>7} {:>8} {:>10} {:>8}",
            row.scenario,
            number(rate, if m.rate() < 100.0 { 1 } else { 0 }),
            number(m.quantile(0.5), 2),
            number(m.quantile(0.99), 2),
            m.errors,
            number(m.cpu, 2),
            number(
                per_cpu,
                if per_cpu.unwrap_or_default() < 100.0 {
                    1
                } else {
                    0
                }
            ),
            number(m.rss, 0)
        );
        if let Some(error) = &m.first_error {
            println!("  first error: {error}");
        }
        for remark in &row.remarks {
            println!("  {remark}");
        }
        if m.errors > 0 {
            self.failed.push(row.scenario.clone());
        }
        self.rows.push(json!({
            "scenario": row.scenario,
            "sessions": row.sessions,
            "connections": m.connections,
            "requests": m.requests,
            "seconds": m.seconds,
            "rate": rate,
            "p50_ms": m.quantile(0.5),
            "p99_ms": m.quantile(0.99),
            "errors": m.errors,
            "first_error": m.first_error,
            "server_cpu_seconds": m.cpu,
            "per_cpu_second": per_cpu,
            "rss_mib": m.rss,
            "remarks": row.remarks,
        }));
    }

    /// Says that a scenario did not run to its end.
    pub(super) fn failed(&mut self, scenario: &str, error: &anyhow::Error) {
        println!("{scenario:26} failed: {error:#}");
        self.failed.push(scenario.to_owned());
        self.rows
            .push(json!({ "scenario": scenario, "failed": format!("{error:#}") }));
    }

    /// Writes the JSON; answers whether everything went without an error.
    pub(super) fn end(self, args: &Args) -> anyhow::Result<bool> {
        if let Some(file) = &args.json {
            let all = json!({ "machine": self.machine, "rows": self.rows });
            fs::write(file, serde_json::to_string_pretty(&all)?)?;
        }
        if !self.failed.is_empty() {
            println!("\nwith errors: {}", self.failed.join(", "));
        }
        Ok(self.failed.is_empty())
    }
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(
        || "unknown processor".to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

fn first_line(file: &str) -> String {
    fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
