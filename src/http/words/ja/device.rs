//! Japanese, for a device that has no browser.

use crate::http::words::{Around, Connect};

pub(super) const DEVICE: Connect = Connect {
    title: "デバイスの接続",
    lead: "デバイスに表示されているコードを入力してください。",
    code: "コード",
    hint: "英字8文字です。小文字や空白を含んでいてもかまいません。",
    only_yours: "ご自身のデバイスに表示されたコードだけを入力してください。",
    wrong: "このコードは存在しません。デバイスの表示と1文字ずつ見比べてください。",
    over_title: "このコードは使えません",
    over: "コードの有効期限が切れたか、すでに回答済みです。デバイスで新しいコードを取得してください。",
    again: "別のコードを入力",
    question: Around("デバイスでの ", " の利用を許可しますか？"),
    only_if: "ご自身で始めた操作の場合にだけ続けてください。",
    why: "他人から見せられたり送られたりしたコードを許可すると、その人があなたのアカウントに入れてしまいます。",
    device: "要求元",
    asked: "要求日時",
    allowed: "許可しました",
    back: "デバイスに戻ってください。",
    refused: "拒否しました",
    nothing: "デバイスには何も渡されません。このページは閉じてかまいません。",
};
