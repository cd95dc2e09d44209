//! What is in the way, in plain words.

use super::*;

pub(super) fn refusal(url: &str) -> String {
    match open(&url.parse().unwrap(), std::path::Path::new("")) {
        Err(OpenError::Postgres { hosts, fault }) => {
            let words = OpenError::Postgres { hosts, fault }.to_string();
            assert!(!words.contains("hush"), "{words}");
            words
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_way_is_said_in_plain_words() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let words = refusal(&format!("postgresql://u:hush@127.0.0.1:{port}/db"));
    assert!(
        words.contains("refused") && words.contains(&format!("127.0.0.1:{port}")),
        "{words}"
    );

    let words = refusal(&cluster.url("nowhere"));
    assert!(words.contains("no schema"), "{words}");

    cluster.sql("CREATE SCHEMA not_ours");
    cluster.sql("GRANT USAGE ON SCHEMA not_ours TO realmkeep");
    let words = refusal(&cluster.url("not_ours"));
    assert!(
        words.contains("may not create tables in the schema \"not_ours\""),
        "{words}"
    );

    let schema = cluster.schema();
    drop(store(&cluster.url(&schema)));
    cluster.sql(&format!(
        "UPDATE {schema}.kv_meta SET value = 99 WHERE name = 'schema'"
    ));
    let words = refusal(&cluster.url(&schema));
    assert!(
        words.contains("version 99") && words.contains("newer realmkeep"),
        "{words}"
    );

    let no_role = cluster.url(&schema).replace("realmkeep@", "somebody:hush@");
    let words = refusal(&no_role);
    assert!(
        words.contains("somebody") && words.contains("does not exist"),
        "{words}"
    );

    let secure = format!("{}&sslmode=require", cluster.url_at(cluster.port, &schema));
    let words = refusal(&secure);
    assert!(words.contains("TLS"), "{words}");

    cluster.sql(&format!(
        "UPDATE {schema}.kv_meta SET value = 1 WHERE name = 'schema'"
    ));
    cluster.sql("ALTER ROLE realmkeep SET default_transaction_read_only = off");
    let read_only = format!(
        "{}%20-cdefault_transaction_read_only%3Don",
        cluster.url(&schema)
    );
    let words = refusal(&read_only);
    assert!(words.contains("does not allow writes"), "{words}");
}
