//! `realmkeep demo`: the server with the demonstration realm, and its two applications beside it; with `--sessions` a whole company.

mod crowd;
mod past;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::serve::{announce, block_on, conclude};
use crate::config::{RealmFile, Settings};
use crate::http::demo::{DemoApp, OTHERS, apps, serve, serve_others};
use crate::serve::{Parts, Running, ServeError, until_told};

/// The demonstration realm, for whoever runs the program away from its sources.
const DEMO_REALM: &str = include_str!("../../realms/demo.toml");

/// Serves until told to stop.
pub fn run(settings: Settings, sessions: Option<u32>) -> ExitCode {
    crate::crypto::install();
    crate::observe::log(&settings.log);
    let realm = match RealmFile::parse("realms/demo.toml".as_ref(), DEMO_REALM) {
        Ok(realm) => realm,
        Err(problems) => return conclude(Err(ServeError::Realms(problems))),
    };
    conclude(block_on(demonstrate(settings, realm, sessions)))
}

async fn demonstrate(
    settings: Settings,
    realm: RealmFile,
    sessions: Option<u32>,
) -> Result<(), ServeError> {
    let stop = CancellationToken::new();
    let mut listeners = Vec::new();
    for app in apps(&settings.public_url) {
        let listener = listen(&app.name, app.listen).await?;
        listeners.push((app, listener));
    }
    let others = match sessions {
        Some(_) => Some(listen("of the company", OTHERS).await?),
        None => None,
    };
    let parts = Parts {
        realms: vec![realm],
        ..Parts::default()
    };
    let told = stop.clone();
    let refused = Arc::new(OnceLock::new());
    let noted = refused.clone();
    let served = until_told(settings, parts, async move |running: &Running| {
        announce(running);
        tell(running, listeners.iter().map(|(app, _)| app));
        for (app, listener) in listeners {
            tokio::spawn(serve(app, listener, told.clone().cancelled_owned()));
        }
        if let Some(listener) = others {
            tokio::spawn(serve_others(listener, told.clone().cancelled_owned()));
        }
        if let Some(sessions) = sessions {
            match Box::pin(crowd::gather(running.context(), sessions)).await {
                Ok(said) => eprintln!("{said}."),
                Err(error) => {
                    let _ = noted.set(error.to_string());
                    running.halt();
                }
            }
        }
    })
    .await;
    stop.cancel();
    match refused.get() {
        Some(error) => Err(ServeError::Demo(error.clone())),
        None => served,
    }
}

async fn listen(name: &str, at: std::net::SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(at).await;
    bound.map_err(|source| ServeError::Io {
        what: format!("the application {name} cannot listen on {at}"),
        source,
    })
}

fn tell<'a>(running: &Running, apps: impl Iterator<Item = &'a DemoApp>) {
    eprintln!();
    eprintln!("Two applications sign people in here:");
    for app in apps {
        eprintln!("  {:<12} http://{}/", app.name, app.listen);
    }
    eprintln!("  as alice / alice-password, or bob / bob-password");
    eprintln!("The administrator's console of the realm demo:");
    eprintln!("  {}/admin/demo/sessions", running.public_url);
    eprintln!("  as dana / dana-password");
    eprintln!(
        "Sign in to both applications, invalidate the session in the console, reload the applications: signed out."
    );
}
