//! Every statement a running node sends, in one place: what a database that speaks PostgreSQL's protocol must understand.

/// A statement that is prepared once a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sql {
    Get,
    GetMany,
    /// From a key on, upwards.
    Up,
    /// From one key up to another.
    UpTo,
    /// Everything from the end down to a key.
    Down,
    /// From one key down to another.
    DownFrom,
    /// The same four without values.
    UpKeys,
    UpToKeys,
    DownKeys,
    DownFromKeys,
    Commit,
    Settle,
    Changes,
    Position,
    Trim,
    Notify,
    Clock,
}

impl Sql {
    pub(super) const COUNT: usize = Self::Clock as usize + 1;

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Get => "SELECT v, ver FROM kv WHERE k = $1",
            Self::GetMany => "SELECT k, v, ver FROM kv WHERE k = ANY ($1)",
            Self::Up => "SELECT k, v, ver FROM kv WHERE k >= $1 ORDER BY k LIMIT $2",
            Self::UpTo => "SELECT k, v, ver FROM kv WHERE k >= $1 AND k < $3 ORDER BY k LIMIT $2",
            Self::Down => "SELECT k, v, ver FROM kv WHERE k >= $1 ORDER BY k DESC LIMIT $2",
            Self::DownFrom => {
                "SELECT k, v, ver FROM kv WHERE k >= $1 AND k < $3 ORDER BY k DESC LIMIT $2"
            }
            Self::UpKeys => "SELECT k, ver FROM kv WHERE k >= $1 ORDER BY k LIMIT $2",
            Self::UpToKeys => "SELECT k, ver FROM kv WHERE k >= $1 AND k < $3 ORDER BY k LIMIT $2",
            Self::DownKeys => "SELECT k, ver FROM kv WHERE k >= $1 ORDER BY k DESC LIMIT $2",
            Self::DownFromKeys => {
                "SELECT k, ver FROM kv WHERE k >= $1 AND k < $3 ORDER BY k DESC LIMIT $2"
            }
            Self::Commit => {
                "SELECT seq, xid, lost_b, lost_k FROM kv_commit($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)"
            }
            Self::Settle => "SELECT seq, xid, lost_b, lost_k FROM kv_settle($1)",
            // Below the oldest transaction that is still under way nothing can appear any more: what is told in the order of
            // transactions is told once and without gaps. What waits above it for longer than a second is owned up to.
            Self::Changes => {
                "SELECT h.low, h.high, (SELECT value FROM kv_meta WHERE name = 'floor'),
                   EXISTS (SELECT 1 FROM kv_feed l WHERE l.xid >= h.low AND l.keys <> '{}' AND l.at < clock_timestamp() - interval '1 second'),
                   f.xid, f.keys
                 FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
                         pg_snapshot_xmax(pg_current_snapshot())::text::bigint) h(low, high)
                 LEFT JOIN LATERAL (SELECT c.xid, c.keys FROM kv_feed c WHERE c.xid > $1 AND c.xid < h.low AND c.keys <> '{}'
                   ORDER BY c.xid LIMIT $2) f ON true"
            }
            Self::Position => {
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, pg_is_in_recovery()"
            }
            // A bounded piece from the old end; one node at a time, the others pass by.
            Self::Trim => {
                "WITH old AS MATERIALIZED (SELECT o.xid FROM (SELECT xid, at FROM kv_feed ORDER BY xid LIMIT 5000) o
                   WHERE o.at < clock_timestamp() - make_interval(secs => $1)
                     AND pg_try_advisory_xact_lock(hashtextextended('realmkeep trim ' || 'kv_feed'::regclass::oid::text, 0))),
                 gone AS (DELETE FROM kv_feed WHERE xid IN (SELECT xid FROM old) RETURNING xid),
                 floor AS (UPDATE kv_meta SET value = greatest(value, (SELECT max(xid) FROM gone))
                   WHERE name = 'floor' AND EXISTS (SELECT 1 FROM gone))
                 SELECT count(*) FROM gone"
            }
            Self::Notify => "SELECT pg_notify('realmkeep_' || 'kv_feed'::regclass::oid::text, '')",
            Self::Clock => "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        }
    }
}

/// Subscribes to what [`Sql::Notify`] sends. Channels are the database's, the tables' number tells schemas apart.
pub(super) const LISTEN: &str =
    "DO $$ BEGIN EXECUTE 'LISTEN realmkeep_' || 'kv_feed'::regclass::oid::text; END $$";
