//! Tables and the functions over them: made by the first node that starts, migrated by the first of a newer version.

use tokio_postgres::Client;

use super::fault::{OpenFault, words};

/// The version of what is below. A database of a higher one is refused; one of a lower one is brought up step by step.
pub(super) const SCHEMA: i64 = 1;

/// The lowest server version, as `server_version_num` counts.
const OLDEST_SERVER: i64 = 150_000;

/// The most batches in one call: versions and feed positions of a call are one number apart for each batch.
pub(super) const CALL_BATCHES: usize = 1024;

/// From nothing to version 1. Only `bytea` is compared, so that the database's locale does not matter.
const FIRST: &str = "
CREATE TABLE kv_meta (name text PRIMARY KEY, value bigint NOT NULL);
CREATE SEQUENCE kv_seq AS bigint INCREMENT BY 1024 MINVALUE 1024 START WITH 1024;
CREATE TABLE kv (k bytea PRIMARY KEY, v bytea NOT NULL, ver bigint NOT NULL)
  WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000);
ALTER TABLE kv ALTER COLUMN k SET STORAGE PLAIN, ALTER COLUMN v SET STORAGE MAIN;
CREATE TABLE kv_feed (xid bigint PRIMARY KEY, op bytea NOT NULL UNIQUE, seq bigint NOT NULL,
  lost_b integer[] NOT NULL, lost_k bytea[] NOT NULL, keys bytea[] NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp())
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
ALTER TABLE kv_feed ALTER COLUMN keys SET STORAGE EXTERNAL;
INSERT INTO kv_meta VALUES ('schema', 1), ('floor', 0);
";

/// Many independent batches in one call, one transaction and one flush.
///
/// READ COMMITTED with two-phase locking: every row that the call guards, writes or deletes is locked in key order before a
/// version is compared, and a key that must be absent is created under the unique index. A batch whose guards fail is left
/// out, its neighbours are not. The row in `kv_feed` is the proof that the call happened: `op` is unique, so whoever lost
/// the answer can find it, or put a stone in its place so that it never happens.
///
/// `g*` guards: batch, key, version. `c*` creates: batch, key, value. `r*` replaced rows, guarded. `p*` rows put whatever
/// was there. `d*` deletes. `f*` what the feed tells: batch, key, whether it is a delete (told only when a row went).
const COMMIT: &str = "
CREATE OR REPLACE FUNCTION kv_commit(
  op bytea,
  gb integer[], gk bytea[], gv bigint[],
  cb integer[], ck bytea[], cv bytea[],
  rb integer[], rk bytea[], rv bytea[],
  pb integer[], pk bytea[], pv bytea[],
  db integer[], dk bytea[],
  fb integer[], fk bytea[], fd boolean[])
RETURNS TABLE (seq bigint, xid bigint, lost_b integer[], lost_k bytea[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  s bigint := nextval('kv_seq');
  x bigint;
  hk bytea[]; hv bigint[];
  lb integer[] := '{}'; lk bytea[] := '{}';
  lb2 integer[]; lk2 bytea[];
  gone bytea[] := '{}';
  told bytea[] := '{}';
  n bigint;
BEGIN
  IF cardinality(gk) + cardinality(pk) + cardinality(dk) > 0 THEN
    SELECT array_agg(h.k), array_agg(h.ver) INTO hk, hv
      FROM (SELECT kv.k, kv.ver FROM kv WHERE kv.k = ANY (gk || pk || dk) ORDER BY kv.k FOR UPDATE) h;
    IF cardinality(gk) > 0 THEN
      SELECT coalesce(array_agg(g.b), '{}'), coalesce(array_agg(g.k), '{}') INTO lb, lk
        FROM unnest(gb, gk, gv) g(b, k, ver) LEFT JOIN unnest(hk, hv) h(k, ver) ON h.k = g.k
        WHERE h.ver IS DISTINCT FROM g.ver;
    END IF;
  END IF;
  IF cardinality(ck) > 0 THEN
    INSERT INTO kv (k, v, ver)
      SELECT c.k, c.v, s + c.b FROM unnest(cb, ck, cv) c(b, k, v) WHERE NOT c.b = ANY (lb) ORDER BY c.k
      ON CONFLICT (k) DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < cardinality(ck) THEN
      SELECT coalesce(array_agg(c.b), '{}'), coalesce(array_agg(c.k), '{}') INTO lb2, lk2
        FROM unnest(cb, ck) c(b, k) LEFT JOIN kv ON kv.k = c.k
        WHERE NOT c.b = ANY (lb) AND kv.ver IS DISTINCT FROM s + c.b;
      IF cardinality(lb2) > 0 THEN
        DELETE FROM kv USING unnest(cb, ck) c(b, k) WHERE kv.k = c.k AND c.b = ANY (lb2) AND kv.ver = s + c.b;
        lb := lb || lb2; lk := lk || lk2;
      END IF;
    END IF;
  END IF;
  IF cardinality(rk) > 0 THEN
    UPDATE kv SET v = r.v, ver = s + r.b FROM unnest(rb, rk, rv) r(b, k, v) WHERE kv.k = r.k AND NOT r.b = ANY (lb);
  END IF;
  IF cardinality(pk) > 0 THEN
    INSERT INTO kv (k, v, ver)
      SELECT p.k, p.v, s + p.b FROM unnest(pb, pk, pv) p(b, k, v) WHERE NOT p.b = ANY (lb) ORDER BY p.k
      ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v, ver = EXCLUDED.ver;
  END IF;
  IF cardinality(dk) > 0 THEN
    WITH deleted AS (
      DELETE FROM kv USING unnest(db, dk) d(b, k) WHERE kv.k = d.k AND NOT d.b = ANY (lb) RETURNING kv.k)
    SELECT coalesce(array_agg(deleted.k), '{}') INTO gone FROM deleted;
  END IF;
  IF cardinality(fk) > 0 THEN
    SELECT coalesce(array_agg(f.k ORDER BY f.b, f.n), '{}') INTO told
      FROM unnest(fb, fk, fd) WITH ORDINALITY f(b, k, d, n)
      WHERE NOT f.b = ANY (lb) AND (NOT f.d OR f.k IN (SELECT unnest(gone)));
  END IF;
  x := pg_current_xact_id()::text::bigint;
  INSERT INTO kv_feed (xid, op, seq, lost_b, lost_k, keys) VALUES (x, op, s, lb, lk, told);
  RETURN QUERY SELECT s, x, lb, lk;
END $$;
";

/// What became of a call whose answer was lost. Either its row is there, or a stone takes its place: the call, should it
/// still be under way, then fails on the unique `op`. Always writes, so that the answer is as durable as the call's.
const SETTLE: &str = "
CREATE OR REPLACE FUNCTION kv_settle(op bytea)
RETURNS TABLE (seq bigint, xid bigint, lost_b integer[], lost_k bytea[]) LANGUAGE sql AS $$
  INSERT INTO kv_feed AS f (xid, op, seq, lost_b, lost_k, keys)
    VALUES (pg_current_xact_id()::text::bigint, kv_settle.op, 0, '{}', '{}', '{}')
    ON CONFLICT (op) DO UPDATE SET op = EXCLUDED.op
    RETURNING f.seq, f.xid, f.lost_b, f.lost_k
$$;
";

/// Makes or migrates the schema. Nodes that start together wait for each other.
pub(super) async fn prepare(client: &mut Client) -> Result<(), OpenFault> {
    let sql = |error: tokio_postgres::Error| OpenFault::Database(words(&error));
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'), current_schema()::text",
            &[],
        )
        .await
        .map_err(sql)?;
    let number: i64 = row.get(0);
    if number < OLDEST_SERVER {
        return Err(OpenFault::OldServer(row.get(1)));
    }
    let Some(schema) = row.get::<_, Option<String>>(2) else {
        return Err(OpenFault::NoSchema);
    };
    let transaction = client.transaction().await.map_err(sql)?;
    // Whoever comes second waits for the first, however long a migration takes.
    transaction
        .batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        .await
        .map_err(sql)?;
    // One lock a schema; it goes with the transaction.
    transaction
        .execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('realmkeep ' || current_database() || '.' || $1, 0))",
            &[&schema],
        )
        .await
        .map_err(sql)?;
    let there: bool = transaction
        .query_one(
            "SELECT to_regclass(quote_ident($1) || '.kv_meta') IS NOT NULL",
            &[&schema],
        )
        .await
        .map_err(sql)?
        .get(0);
    let found: i64 = if there {
        transaction
            .query_one("SELECT value FROM kv_meta WHERE name = 'schema'", &[])
            .await
            .map_err(sql)?
            .get(0)
    } else {
        transaction.batch_execute(FIRST).await.map_err(|error| {
            if error.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE) {
                OpenFault::NotAllowed(schema.clone())
            } else {
                sql(error)
            }
        })?;
        SCHEMA
    };
    if found > SCHEMA {
        return Err(OpenFault::NewerSchema(found));
    }
    // Functions carry no data: the program that starts last says what they do, and only when they differ.
    for (name, text) in [("kv_commit", COMMIT), ("kv_settle", SETTLE)] {
        let body = text.split("$$").nth(1).unwrap_or_default();
        let same: bool = transaction
            .query_one(
                "SELECT EXISTS (SELECT 1 FROM pg_proc WHERE proname = $1 AND pronamespace = quote_ident($2)::regnamespace AND prosrc = $3)",
                &[&name, &schema, &body],
            )
            .await
            .map_err(sql)?
            .get(0);
        if !same {
            transaction.batch_execute(text).await.map_err(sql)?;
        }
    }
    // After a dump was restored into another server its numbers begin anew; rows of the old ones would come up again.
    transaction
        .execute(
            "DELETE FROM kv_feed WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
            &[],
        )
        .await
        .map_err(sql)?;
    transaction.commit().await.map_err(sql)
}
