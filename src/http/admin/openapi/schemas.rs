//! The schemas of the document, in a short hand: `name:kind`, where a kind is `text`, `count`, `flag`, `time`, `object`,
//! `number` or the name of a schema, and `[]` behind it makes a list.

use serde_json::{Map, Value, json};

use super::reference;

const RECORDS: &[(&str, &str)] = &[
    (
        "Problem",
        "type:text title:text status:count detail:text error:text errorMessage:text",
    ),
    (
        "Session",
        "id:text userId:text username:text organisation:text ipAddress:text lastIpAddress:text node:text device:Device \
         startedAt:time lastActiveAt:time idleTimeoutAt:time expiresAt:time rememberMe:flag authMethods:text[] \
         clients:ClientPart[] offlineGrants:count current:flag state:text endedAt:time endReason:text signOutId:text",
    ),
    ("Device", "os:text browser:text kind:text"),
    (
        "ClientPart",
        "clientId:text name:text startedAt:time lastActiveAt:time",
    ),
    (
        "SessionPage",
        "sessions:Session[] next:text total:count totalIsExact:flag",
    ),
    (
        "UserSession",
        "id:text username:text userId:text ipAddress:text start:count lastAccess:count rememberMe:flag clients:object \
         transientUser:flag",
    ),
    (
        "User",
        "id:text username:text enabled:flag roles:text[] claims:object password:text password_hash:text email:text \
         emailVerified:flag firstName:text lastName:text attributes:object credentials:Credential[] createdTimestamp:count \
         blockedUntil:text blocked:object",
    ),
    ("ImportFile", "ifExists:text users:User[]"),
    (
        "Import",
        "id:text at:time by:object state:text ifExists:text total:count done:count created:count updated:count skipped:count \
         failed:count failures:object[] passedOver:text[] finishedAt:time",
    ),
    ("PartialImport", "ifResourceExists:text users:User[]"),
    (
        "PartialImported",
        "overwritten:count added:count skipped:count results:object[]",
    ),
    ("Block", "until:text reason:text"),
    (
        "BruteForce",
        "numFailures:count disabled:flag lastIPFailure:text lastFailure:count numTemporaryLockouts:count \
         failedLoginNotBefore:count",
    ),
    ("PersonName", "userId:text name:text"),
    ("Credential", "type:text value:text temporary:flag"),
    ("CredentialShown", "id:text type:text createdDate:count"),
    (
        "Consent",
        "clientId:text name:text grantedClientScopes:text[] createdDate:count lastUpdatedDate:count additionalGrants:object[] \
         consent:object grants:Grant[]",
    ),
    (
        "Grant",
        "id:text scope:text offline:flag sessionId:text startedAt:time lastUsedAt:time",
    ),
    (
        "Client",
        "id:text client_id:text client_name:text client_secret:text enabled:flag redirect_uris:text[] \
         post_logout_redirect_uris:text[] grant_types:text[] response_types:text[] token_endpoint_auth_method:text \
         scope:text jwks:object backchannel_logout_uri:text backchannel_logout_session_required:flag \
         frontchannel_logout_uri:text frontchannel_logout_session_required:flag global_token_revocation_endpoint:text \
         global_token_revocation_audience:text global_token_revocation_subject:text global_token_revocation_issuer:text \
         webhook_uri:text webhook_secret:text frontchannelLogout:flag \
         backchannel_logout_initiators:text[] backchannel_logout_user_wide:flag \
         id_token_signed_response_alg:text refresh_without_offline_access:flag resources:text[] consent:text \
         require_pkce:flag service_account_roles:text[] client_uri:text ssf_subjects:text access_token_format:text \
         access_token_revocation_check:text clientId:text name:text secret:text \
         redirectUris:text[] baseUrl:text publicClient:flag clientAuthenticatorType:text serviceAccountsEnabled:flag \
         standardFlowEnabled:flag implicitFlowEnabled:flag directAccessGrantsEnabled:flag bearerOnly:flag \
         consentRequired:flag protocol:text attributes:object createdTimestamp:count",
    ),
    ("ClientSecret", "type:text value:text present:flag"),
    (
        "Realm",
        "id:text realm:text display_name:text displayName:text enabled:flag sessions:object tokens:object \
         registration:object shared_signals:object logout:object retention:object look:object account:object notBefore:number createdTimestamp:count",
    ),
    (
        "Key",
        "kid:text algorithm:text type:text use:text status:text state:text createdAt:time publishedUntil:time",
    ),
    (
        "Stream",
        "id:text clientId:text channel:text endpointUrl:text sendsAuthorization:flag eventsDelivered:text[] description:text \
         status:text reason:text createdAt:time waiting:count waitingIsExact:flag delivered:count dropped:count \
         rejected:count gaveUp:count deadLetters:DeadLetter[] lastDeliveryAt:time lastAttemptAt:time failures:count \
         lastProblem:text nextAttemptAt:time",
    ),
    ("DeadLetter", "jti:text event:text at:time why:text"),
    ("Streams", "streams:Stream[]"),
    ("StreamStatus", "status:text reason:text"),
    ("Keys", "active:object keys:Key[]"),
    (
        "Findings",
        "node:text version:text now:time publicUrl:text findings:Finding[]",
    ),
    (
        "Finding",
        "area:text level:text found:text meaning:text todo:text",
    ),
    ("Rotate", "algorithm:text"),
    ("Rotated", "algorithm:text kid:text"),
    ("LogoutAll", "successRequests:text[] failedRequests:text[]"),
    (
        "Counts",
        "sessions:count people:count families:count offline:count",
    ),
    (
        "App",
        "clientId:text name:text channel:text state:text sessions:count boundUntil:time attempts:count lastStatus:count \
         lastAttemptAt:time lastAnswer:text nextAttemptAt:time channels:Told[] \
         frontChannel:object",
    ),
    (
        "Told",
        "channel:text state:text notices:count acknowledged:count rejected:count gaveUp:count pending:count attempts:count \
         lastStatus:count lastAttemptAt:time lastAnswer:text tookMs:count nextAttemptAt:time",
    ),
    (
        "Delivery",
        "id:text signOutId:text clientId:text name:text channel:text userId:text sessionId:text status:text createdAt:time \
         attempts:count lastStatus:count lastAnswer:text nextAttemptAt:time settledAt:time tries:Try[] message:object",
    ),
    ("Try", "at:time tookMs:count status:count text:text"),
    ("DeliveryPage", "deliveries:Delivery[] next:text"),
    ("Redeliver", "clients:text[]"),
    ("Redelivered", "redelivered:count"),
    (
        "SelectedSession",
        "id:text userId:text username:text name:text ipAddress:text device:Device startedAt:time endedAt:time outcome:text",
    ),
    (
        "Plan",
        "dryRun:flag sessions:count people:count families:count offline:count counts:Counts exact:flag apps:App[] \
         shown:SelectedSession[] protected:text[] notFound:text[] alreadyEnded:text[]",
    ),
    (
        "SignOut",
        "id:text state:text reason:text reasonText:text at:time tookMs:count actor:object why:text note:text message:text \
         selection:text counts:Counts protected:text[] notFound:text[] alreadyEnded:text[] sessions:SelectedSession[] \
         sessionsAreComplete:flag blockSignIn:object apps:App[] appsAreComplete:flag refusedSince:RefusedUse[] \
         cameBack:SelectedSession[] cameBackIsComplete:flag",
    ),
    (
        "Readiness",
        "id:text clientId:text name:text state:text verdict:text channels:ReadyChannel[] bound:object longestLag:count \
         problem:text",
    ),
    (
        "ReadyChannel",
        "channel:text uri:text lastGoodAt:time lastAttempt:object failures:count circuitOpenUntil:time queued:count \
         queuedIsExact:flag canBeTested:flag",
    ),
    ("TestSignOut", "channel:text"),
    (
        "TestedSignOut",
        "channel:text at:time status:count tookMs:count text:text outcome:text verdict:text",
    ),
    (
        "RefusedUse",
        "kind:text clientId:text ipAddress:text firstAt:time lastAt:time count:count",
    ),
    (
        "Overview",
        "range:text from:time stepSeconds:count now:OverviewNow inProgress:LongAct[] lastSignOuts:LastSignOut[] \
         series:Stretch[]",
    ),
    (
        "OverviewNow",
        "at:time sessions:Size people:Size deliveriesWaiting:Size failingApps:AppName[] notRecognised:PersonName[] \
         lastDay:Stretch",
    ),
    ("Size", "count:count isExact:flag countedAt:time"),
    ("AppName", "clientId:text name:text"),
    ("LongAct", "kind:text signOutId:text done:count total:count"),
    (
        "LastSignOut",
        "id:text at:time reason:text state:text sessions:count apps:count confirmed:count failed:count \
         confirmedAfterMs:count",
    ),
    (
        "Stretch",
        "from:time signIns:count failures:object ended:object confirmed:count latencyP50Ms:count latencyP95Ms:count \
         rejected:count retried:count gaveUp:count sessions:count people:count waiting:count",
    ),
    ("SignOutPage", "signouts:SignOut[] next:text"),
    (
        "AuditRecord",
        "id:text at:time actor:object action:text targetKind:text target:text detail:text",
    ),
    ("AuditPage", "records:AuditRecord[] next:text"),
];

/// How an app stands (promise P7); in a plan one that would be told is `pending`.
const STATES: &[&str] = &[
    "acknowledged",
    "retrying",
    "rejected",
    "gave_up",
    "bounded",
    "not_capable",
    "pending",
];

/// Members with a fixed set of values.
const CHOICES: &[(&str, &str, &[&str])] = &[
    ("Session", "state", &["active", "ended"]),
    ("App", "state", STATES),
    ("Told", "state", STATES),
    ("SignOut", "state", &["expanding", "delivering", "settled"]),
    (
        "SelectedSession",
        "outcome",
        &["ended", "already_ended", "not_found", "protected"],
    ),
    (
        "Readiness",
        "state",
        &[
            "cannot_lag",
            "ready",
            "untried",
            "not_told",
            "failing",
            "too_slow",
        ],
    ),
    ("TestSignOut", "channel", &["back-channel", "webhook"]),
    (
        "TestedSignOut",
        "outcome",
        &["acknowledged", "rejected", "retried"],
    ),
    (
        "RefusedUse",
        "kind",
        &[
            "cookie",
            "refresh_token",
            "code",
            "device_code",
            "userinfo",
            "introspection",
            "admin_api",
            "others",
        ],
    ),
    ("Client", "consent", &["never", "once", "always"]),
    (
        "Client",
        "global_token_revocation_subject",
        &["iss_sub", "email", "opaque"],
    ),
    (
        "Client",
        "access_token_revocation_check",
        &["none", "status-list", "introspection"],
    ),
    ("Rotate", "algorithm", &["ES256", "RS256", "EdDSA"]),
];

/// All of them.
pub(super) fn all() -> Value {
    let mut out = Map::new();
    for (name, members) in RECORDS {
        out.insert((*name).to_owned(), record(members));
    }
    for (name, items) in [
        ("UserSessions", "UserSession"),
        ("Users", "User"),
        ("Imports", "Import"),
        ("Consents", "Consent"),
        ("Credentials", "CredentialShown"),
        ("Clients", "Client"),
        ("Realms", "Realm"),
        ("Readinesses", "Readiness"),
    ] {
        out.insert(
            name.to_owned(),
            json!({ "type": "array", "items": reference(items) }),
        );
    }
    out.insert("Count".to_owned(), kind("count"));
    out.insert(
        "Events".to_owned(),
        json!({ "type": "string", "description": "events named receipt, each with a SignOut" }),
    );
    let signed = "a JWS in compact form: typ receipt+jwt; iss, iat, sub (the sign-out's id) and receipt (a SignOut)";
    out.insert(
        "SignedReceipt".to_owned(),
        json!({ "type": "string", "description": signed }),
    );
    out.insert(
        "Snapshot".to_owned(),
        json!({ "type": "string", "format": "binary", "description": "a stream that realmkeep backup makes a file of" }),
    );
    out.insert("SignOutRequest".to_owned(), request());
    for (name, member, values) in CHOICES {
        if let Some(at) = out
            .get_mut(*name)
            .and_then(|record| record.pointer_mut(&format!("/properties/{member}")))
        {
            *at = json!({ "enum": values });
        }
    }
    Value::Object(out)
}

fn record(members: &str) -> Value {
    let pairs = members
        .split_whitespace()
        .filter_map(|member| member.split_once(':'));
    let properties: Map<String, Value> = pairs
        .map(|(name, of)| (name.to_owned(), kind(of)))
        .collect();
    json!({ "type": "object", "properties": properties })
}

fn kind(of: &str) -> Value {
    if let Some(items) = of.strip_suffix("[]") {
        return json!({ "type": "array", "items": kind(items) });
    }
    match of {
        "text" => json!({ "type": ["string", "null"] }),
        "count" => json!({ "type": ["integer", "null"], "minimum": 0 }),
        "flag" => json!({ "type": "boolean" }),
        "time" => json!({ "type": ["string", "null"], "format": "date-time" }),
        "object" => json!({ "type": ["object", "null"] }),
        "number" => json!({ "type": "number" }),
        schema => reference(schema),
    }
}

fn request() -> Value {
    let texts = || json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    json!({
        "type": "object",
        "required": ["select"],
        "additionalProperties": false,
        "properties": {
            "select": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": false,
                "properties": {
                    "sessions": texts(),
                    "users": texts(),
                    "clients": texts(),
                    "filter": { "type": "string", "description": "as q of GET /sessions" },
                    "all": { "const": true },
                },
            },
            "reason": { "type": "string", "maxLength": 1000, "description": "why; the receipt's member why" },
            "note": { "type": "string", "maxLength": 1000, "description": "for the audit log" },
            "message": { "type": "string", "maxLength": 1000, "description": "what the people are told" },
            "blockSignIn": {
                "type": ["boolean", "string"],
                "description": "keeps the people of the act from signing in: true until it is lifted, a duration (2h), or a time",
            },
            "dryRun": { "type": "boolean" },
        },
    })
}
