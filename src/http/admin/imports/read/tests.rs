//! Files as people have them.

use serde_json::json;

use super::*;

fn problems(incoming: &Incoming) -> Vec<(u64, &str, &str)> {
    let shown = incoming.problems.shown.iter();
    shown
        .map(|p| (p.at, p.field.as_str(), p.text.as_str()))
        .collect()
}

#[test]
fn a_table_is_read_by_its_header() {
    let incoming = file(
        b"Username;First name;Last-Name;email;EMAIL_VERIFIED;roles;enabled;claims.department;password\n\
          anna;Anna;Keller;a@x.example;yes;\"staff;payroll\";no;Sales; p w \n\
          bert;;;;;;;;\n",
    );
    assert_eq!(problems(&incoming), []);
    let [anna, bert] = incoming.rows.as_slice() else {
        panic!("{incoming:?}")
    };
    assert_eq!((anna.at, bert.at), (2, 3));
    assert!(!anna.settings.enabled && anna.says_enabled && anna.says_roles);
    assert_eq!(anna.settings.roles, ["staff", "payroll"]);
    assert_eq!(anna.settings.password.as_deref(), Some(" p w "));
    assert_eq!(
        Value::Object(anna.settings.claims.clone()),
        json!({"given_name": "Anna", "family_name": "Keller", "name": "Anna Keller", "email": "a@x.example",
               "email_verified": true, "department": "Sales"})
    );
    assert!(bert.settings.enabled && !bert.says_enabled && !bert.says_roles);
    assert!(bert.settings.claims.is_empty() && bert.settings.password.is_none());
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_line_and_field() {
    let incoming = file(b"username,enabled\nanna,perhaps\nbert\n");
    assert_eq!(
        problems(&incoming),
        [
            (2, "enabled", "expected true or false, found \"perhaps\""),
            (3, "", "expected 2 cells as the header has, found 1"),
        ]
    );
    let incoming = file(b"username,shoe size\nanna,40\n");
    let [(1, "", why)] = problems(&incoming)[..] else {
        panic!("{incoming:?}")
    };
    assert!(
        why.contains("\"shoe size\"") && why.contains("claims.shoe size"),
        "{why}"
    );
    assert_eq!(problems(&file(b"email\na@x.example\n"))[0].1, "username");
    assert_eq!(problems(&file(b"username\n\xff\xfe\n"))[0].0, 0);
}

#[test]
fn an_export_of_a_whole_realm_gives_its_people_and_says_what_is_left_out() {
    let incoming = file(
        br#" {"realm": "old", "enabled": true, "clients": [{"clientId": "x"}], "roles": {}, "ifResourceExists": "OVERWRITE",
            "users": [{"id": "7b0a1f52-6e1f-4a27-9a52-0d7f6f6a8a11", "username": "anna", "createdTimestamp": 1,
                       "enabled": true, "totp": false, "emailVerified": true, "email": "a@x.example",
                       "attributes": {"department": ["Sales"]}, "groups": ["/staff"], "notBefore": 0,
                       "realmRoles": ["default-roles-old", "payroll"], "requiredActions": []}]}"#,
    );
    assert_eq!(problems(&incoming), []);
    assert_eq!(incoming.if_exists, Some(IfExists::Update));
    assert_eq!(incoming.passed_over(), ["clients", "groups (1 person)"]);
    let [anna] = incoming.rows.as_slice() else {
        panic!("{incoming:?}")
    };
    assert_eq!(
        anna.id.unwrap().to_string(),
        "7b0a1f52-6e1f-4a27-9a52-0d7f6f6a8a11"
    );
    assert_eq!(anna.settings.roles, ["payroll"]);
    assert_eq!(anna.settings.claims["department"], json!("Sales"));
}

#[test]
fn what_is_wrong_with_a_list_is_said_with_its_entry() {
    let incoming = file(
        br#"[{"username": "anna", "enabled": "yes"}, {"username": "bert", "id": "7"}, {"usernam": "c"}, {"username": "d"}]"#,
    );
    let found = problems(&incoming);
    assert_eq!(
        found[0],
        (1, "enabled", "enabled must be true or false, found text")
    );
    assert_eq!((found[1].0, found[1].1), (2, "id"));
    assert!(found[2].0 == 3 && found[2].2.contains("did you mean \"username\"?"));
    assert_eq!((found.len(), incoming.rows.len()), (3, 1));
    for bad in [
        &b"{\"user\": []}"[..],
        b"[1]",
        b"{\"users\": [{]}",
        b"[] []",
    ] {
        let incoming = file(bad);
        assert_eq!(problems(&incoming)[0].0, 0);
    }
}
