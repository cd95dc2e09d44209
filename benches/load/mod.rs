//! The load program: arguments → a server with sessions in it → scenarios → a table.
//!
//! The client is written by hand and runs on one thread, because it shares the machine's cores with the server. The figure
//! to compare is therefore "per CPU second", requests per CPU second of the server process: it hardly depends on what else
//! the machine does, and requests per second do.

mod args;
mod browser;
mod drive;
mod lab;
mod oauth;
mod realm;
mod report;
mod scenario;
mod server;
mod wire;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use args::Args;
use lab::Lab;
use report::Report;
use scenario::Scenario;

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    if args.list {
        for scenario in Scenario::ALL {
            println!("{:20} {}", scenario.name(), scenario.words());
        }
        return ExitCode::SUCCESS;
    }
    let ran = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| tokio::task::LocalSet::new().block_on(&runtime, run(&args)));
    match ran {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every scenario ran.
async fn run(args: &Args) -> anyhow::Result<bool> {
    if let Some(folder) = &args.realm_files {
        lab::realm_files(folder)?;
        return Ok(true);
    }
    let mut report = Report::begin(args);
    let wanted = args.wanted()?;
    let sizes = match &args.server {
        Some(_) => &args.sessions[..args.sessions.len().min(1)],
        None => &args.sessions[..],
    };
    for (turn, size) in sizes.iter().enumerate() {
        let here: Vec<Scenario> = wanted
            .iter()
            .copied()
            .filter(|s| turn == 0 || s.wants_sessions())
            .collect();
        if here.is_empty() {
            continue;
        }
        report.section(*size);
        let mut lab = Lab::open(args, *size).await?;
        if let Some(filled) = &lab.filled {
            report.remark(&format!("filled: {filled}"));
        }
        for scenario in here {
            if let Some(why) = scenario.unfit(&lab) {
                report.remark(&format!("{} left out: {why}", scenario.name()));
                continue;
            }
            match scenario.run(&mut lab).await {
                Ok(rows) => rows.into_iter().for_each(|row| report.row(row)),
                Err(error) => report.failed(scenario.name(), &error),
            }
        }
        lab.close().await?;
    }
    report.end(args)
}
