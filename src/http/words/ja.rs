//! Japanese, polite.

mod account;
mod device;

use super::{Around, Errors, Frame, Login, Moment, Way, Words};

/// Japanese.
pub static WORDS: Words = Words {
    tag: "ja",
    dir: "ltr",
    name: "日本語",
    frame: Frame {
        language: "言語",
        change: "変更",
        secured_by: "Realmkeep により保護されています",
        privacy: "プライバシー",
        terms: "利用規約",
        cancel: "キャンセル",
        skip: "本文へ移動",
        error: |title| format!("エラー: {title}"),
        at: |at| format!("{} {}（UTC）に", day(at), at.clock()),
        date: |at| format!("{} {}（UTC）", day(at), at.clock()),
    },
    login: Login {
        title: "サインイン",
        to_go_on: Around("", " に進みます"),
        username: "ユーザー名",
        password: "パスワード",
        show_password: "パスワードを表示",
        forgot: "パスワードをお忘れですか？",
        remember: "このデバイスでサインインしたままにする",
        trouble: "サインインでお困りですか？",
        help: "ヘルプ",
        wrong: "ユーザー名またはパスワードが正しくありません。",
        disabled: "このアカウントは停止されています。管理者にお問い合わせください。",
        blocked: "管理者が解除するまで、サインインはできません。",
        blocked_until: |date| {
            format!("{date}まで、サインインはできません。管理者にお問い合わせください。")
        },
        busy: "現在、多くの方がサインインしています。数秒後にもう一度お試しください。",
        wait: |secs| format!("試行回数が多すぎます。{secs}秒後にもう一度お試しください。"),
        other_address: "別のアドレスでサインイン中です。同時に使えるアドレスは1つだけです。そちらでサインアウトするか、管理者に依頼してから、ここでサインインしてください。",
        at_limit: |limit| {
            format!(
                "すでに{limit}か所でサインイン中で、これが上限です。いずれかでサインアウトしてから、ここでサインインしてください。"
            )
        },
        cut_by_admin: |at| format!("{at}管理者によってサインアウトされました。"),
        cut_by_organisation: |at| format!("{at}組織によってサインアウトされました。"),
        cut_by_limit: |at| {
            format!(
                "同時に許可されるセッション数を超えたため、{at}ここからサインアウトされました。"
            )
        },
        cut_by_address: |at| {
            format!(
                "セッションが開始時とは別のアドレスから使用されたため、{at}サインアウトされました。お心当たりがない場合は、パスワードを変更してください。"
            )
        },
    },
    way: Way {
        consent_title: "アクセスの許可",
        consent_question: Around("", " の続行を許可しますか？"),
        signed_in_as: Around("サインイン中のアカウント: ", ""),
        asks_for: "次の許可を求めています:",
        scope: |scope| {
            Some(match scope {
                "openid" => ("あなたが誰であるかの確認", ""),
                "profile" => ("プロフィールの閲覧", "名前、ユーザー名、言語など"),
                "email" => ("メールアドレスの閲覧", ""),
                "phone" => ("電話番号の閲覧", ""),
                "address" => ("住所の閲覧", ""),
                "roles" => ("ロールの閲覧", ""),
                "offline_access" => (
                    "不在時の処理の続行",
                    "あなたまたは管理者がすべての場所でサインアウトするまで",
                ),
                _ => return None,
            })
        },
        allow: "許可する",
        deny: "許可しない",
        answer_to: Around("回答は ", " に送信されます。"),
        removable: "この許可はアカウントのページで取り消せます。",
        sign_out_question: |realm| format!("{realm} からサインアウトしますか？"),
        asks_to_sign_out: Around("", " がサインアウトを求めています。"),
        will_be_told: "次のアプリに通知されます:",
        sign_out: "サインアウト",
        stay: "サインインしたままにする",
        signed_out: "サインアウトしました",
        of_realm: |realm| format!("このデバイスで {realm} からサインアウトしました。"),
        being_told: "次のアプリに通知しています:",
        by_browser: "次のアプリには、ブラウザーから可能な範囲で通知しています:",
        best_effort: "通知は保証されません。サインイン中と表示される場合は、そちらでもサインアウトしてください。",
        leaving: |app| format!("{app} からサインアウト中"),
        go_on: "続ける",
        back_to: |app| format!("{app} に戻る"),
        again: "もう一度サインイン",
        signed_in: "サインイン済み",
        you_are_in: "サインインしています",
        open_any: "アプリを開いて続けてください。",
        taking_to: Around("", " に移動しています"),
        go_on_to: |app| format!("{app} に進む"),
        form_question: Around("", " に進む"),
        form_text: "アプリがフォームでの回答を求めています。ボタンを押して送信してください。",
        choose_title: "終了するセッションの選択",
        choose_heading: "ほかの場所でサインイン中です",
        choose_text: |realm, limit, need| {
            format!(
                "{realm} で同時に使えるセッションは{limit}件です。ここで続けるには、次のうち{need}件からサインアウトしてください。"
            )
        },
        choose_where: "サインイン中の場所",
        choose_submit: "そちらをサインアウトして続ける",
        choose_help: "お心当たりのないものがあれば、サインアウトしてパスワードを変更してください。",
        choose_more: "まだ足りません。",
        select_title: "アカウントの選択",
        select_same: |name| format!("{name} として続ける"),
        select_other: "別のアカウントを使う",
        select_note: "このブラウザーでは、別のアカウントが現在のアカウントに置き換わります。",
    },
    errors: Errors {
        error: "エラー",
        request: "リクエスト",
        tell: "繰り返し起こる場合は、上のリクエスト番号を管理者にお伝えください。",
        try_again: "もう一度試す",
        link_title: "このリンクは使えません",
        malformed: |why| format!("リクエストの形式が正しくありません: {why}"),
        unknown_app: "リンク元のアプリは登録されていません。アプリの管理者による登録が必要です。",
        unregistered: "アプリが戻ろうとしているアドレスは登録されていません。アプリに戻るか、アプリの管理者にお知らせください。",
        no_redirect: "アプリが戻り先を指定していません（redirect_uri）。",
        no_answer: "フォームに許可・不許可の回答がありません。",
        foreign_page: "移動先はこのサーバーのページではありません。",
        over_title: "このサインインは終了しました",
        over: "このサインインは完了したか、古すぎるか、別のブラウザーで始められたものです。アプリに戻って、もう一度始めてください。",
        form_title: "このフォームは無効になりました",
        form: "ページを長く開いていたか、別のサイトから送信されたか、ブラウザーが Cookie を保存していません。",
        broken_title: "問題が発生しました",
        broken: "サーバーがリクエストを処理できませんでした。もう一度お試しください。続く場合は管理者にお問い合わせください。",
        nowhere_title: "ここには何もありません",
        nowhere: "このサーバーにその領域はありません。アドレスを確認するか、アドレスを知らせた方にお尋ねください。",
        off_title: "現在ご利用いただけません",
        realm_off: "現在、ここには誰もサインインできません。管理者にお問い合わせください。",
        app_off: "リンク元のアプリは現在停止されています。管理者にお問い合わせください。",
        account_off: "ここにはアカウントのページがありません。管理者にお問い合わせください。",
        not_yours_title: "そのサインインはありません",
        not_yours: "すでに終了しているか、あなたのものではありません。",
        wait_title: "少々お待ちください",
        no_room: "サーバーのディスクがほぼ満杯のため、空きができるまで誰もサインインできません。運用担当者にお知らせください。",
        in_doubt: "サーバーが一時的にデータベースと切断され、処理が完了したか確認できません。しばらくしてからもう一度お試しください。",
        busy: "サーバーが混み合っており、何も変更されていません。しばらくしてからもう一度お試しください。",
    },
    device: device::DEVICE,
    account: account::ACCOUNT,
    acts: account::ACTS,
    mine: account::MINE,
};

fn day(at: Moment) -> String {
    format!("{}年{}月{}日", at.year, at.month + 1, at.day)
}
