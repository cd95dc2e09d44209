//! The command line: arguments → one command → exit code.
//!
//! Owns: the commands and their exit codes (0 done, 1 failed, 2 wrong arguments or configuration). Does not own: what
//! they do.

mod audit;
mod backup;
mod check;
mod demo;
mod doctor;
mod fill;
mod key;
mod place;
mod remote;
mod restore;
mod serve;
mod sessions;
mod signouts;
mod user;

use std::future::Future;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Problem, ServeArgs, Settings};

/// An OpenID Connect identity provider whose sign-out is real.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do; to serve when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `serve`, when no command is named.
    #[command(flatten)]
    pub serve: ServeArgs,
}

const AFTER_HELP: &str = "Each option is also an environment variable (REALMKEEP_PUBLIC_URL) and a key of the \
    configuration file (public_url).\nThe flag wins, then the variable, then the file. Secrets come from \
    REALMKEEP_ADMIN_PASSWORD, REALMKEEP_MASTER_KEY and\nREALMKEEP_MASTER_KEY_PREVIOUS, or from the files that the same names with _FILE name.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve (the default when no command is named)
    Serve(ServeArgs),
    /// Serve the demonstration realm together with its two applications
    Demo(DemoArgs),
    /// Say whether the configuration and the realm files are sound
    Check(check::CheckArgs),
    /// Say what may be wrong with a server and what to do, whether it runs or not
    Doctor(doctor::DoctorArgs),
    /// Write everything to a file, also while the server works
    Backup(backup::BackupArgs),
    /// Put a backup into an empty store, after checking all of it
    Restore(restore::RestoreArgs),
    /// Write everything to a file, to import it into another store (the same as backup)
    Export(backup::BackupArgs),
    /// Put an export into another store; sessions go on
    Import(restore::ImportArgs),
    /// List active sessions, and end them
    Sessions(sessions::SessionsArgs),
    /// Show what became of a sign-out
    Signouts(signouts::SignoutsArgs),
    /// Bring people into a realm
    User(user::UserArgs),
    /// List who did what to whom
    Audit(audit::AuditArgs),
    /// Make, change and look after the master key
    Key(key::KeyArgs),
    /// Fill a realm with people and sessions, for demonstrations and measurements
    #[command(hide = true)]
    Fill(fill::FillArgs),
}

/// The options of `realmkeep demo`.
#[derive(Args, Clone, Debug, Default)]
pub struct DemoArgs {
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// Make up so many sessions of half as many people, with a company's applications, receipts and a month of figures; only
    /// in a data folder that holds nothing but the demonstration
    #[arg(long, value_name = "NUMBER")]
    pub sessions: Option<u32>,
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Check(args) => check::run(args),
        Command::Serve(args) => settle(args).map_or_else(|code| code, serve::run),
        Command::Demo(args) => {
            settle(args.serve).map_or_else(|code| code, |s| demo::run(s, args.sessions))
        }
        Command::Doctor(args) => wait(doctor::run(args)),
        Command::Backup(args) | Command::Export(args) => wait(backup::run(args)),
        Command::Restore(args) => wait(restore::run(args)),
        Command::Import(args) => wait(restore::import(args)),
        Command::Sessions(args) => wait(sessions::run(args)),
        Command::Signouts(args) => wait(signouts::run(args)),
        Command::User(args) => wait(user::run(args)),
        Command::Audit(args) => wait(audit::run(args)),
        Command::Key(args) => key::run(args),
        Command::Fill(args) => fill::run(args),
    }
}

/// Runs a command that calls a server, on this thread.
fn wait(command: impl Future<Output = ExitCode>) -> ExitCode {
    // reqwest is built without a provider of its own and panics without one.
    crate::crypto::install();
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            eprintln!("cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The settings, or every problem on stderr and the exit code for it.
fn settle(args: ServeArgs) -> Result<Settings, ExitCode> {
    Settings::resolve(args, environment()).map_err(|problems| {
        eprintln!("{}", lines(&problems));
        ExitCode::from(WRONG)
    })
}

/// The environment, as far as it is text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Every problem in a line of its own, and how many there are.
fn lines(problems: &[Problem]) -> String {
    let mut text: String = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    text.push_str(&counted(problems.len(), "problem"));
    text
}

/// "1 realm", "3 clients".
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The exit code for wrong arguments and configuration; clap's own.
const WRONG: u8 = 2;

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_options_are_those_of_serve() {
        let cli = Cli::try_parse_from(["realmkeep", "--listen", "127.0.0.1:1"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen.as_deref(), Some("127.0.0.1:1"));
        let cli =
            Cli::try_parse_from(["realmkeep", "demo", "--outbound-allow", "10.0.0.0/8"]).unwrap();
        let Some(Command::Demo(args)) = cli.command else {
            panic!("not demo")
        };
        assert_eq!(args.serve.outbound_allow, ["10.0.0.0/8"]);
    }
}
