//! What a session runs on, read from the browser's own words. A label for people, never a reason to trust.

use serde::{Deserialize, Serialize};

/// A short label of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Operating system, such as `macOS`.
    pub os: String,
    /// Browser and its major version, such as `Firefox 145`.
    pub browser: String,
    /// `desktop`, `mobile` or `other`.
    pub kind: String,
}

/// The most characters kept of a user agent.
pub const MAX_USER_AGENT: usize = 300;

impl Device {
    /// Reads a user agent.
    pub fn parse(user_agent: &str) -> Device {
        let unknown = || "Unknown".to_owned();
        let seen = woothee::parser::Parser::new()
            .parse(user_agent)
            .filter(|s| !s.name.starts_with("HTTP Library"));
        let Some(seen) = seen else {
            // A tool names itself first: `curl/8.5.0`.
            let mut words = user_agent.split(['/', ' ', '.']);
            let (tool, version) = (
                words.next().unwrap_or_default(),
                words.next().unwrap_or_default(),
            );
            let label: String = format!("{tool} {version}")
                .trim()
                .chars()
                .take(40)
                .collect();
            let browser = if label.is_empty() { unknown() } else { label };
            return Device {
                os: unknown(),
                browser,
                kind: "other".to_owned(),
            };
        };
        let known = |text: &str| {
            if text == "UNKNOWN" {
                unknown()
            } else {
                text.to_owned()
            }
        };
        let major = seen.version.split('.').next().unwrap_or_default();
        let browser = if major.is_empty() || seen.version == "UNKNOWN" {
            known(seen.name)
        } else {
            format!("{} {major}", known(seen.name))
        };
        let os = match seen.os {
            "Mac OSX" => "macOS".to_owned(),
            os if os.starts_with("Windows") => "Windows".to_owned(),
            os => known(os),
        };
        let kind = match seen.category {
            "pc" => "desktop",
            "smartphone" | "mobilephone" => "mobile",
            _ => "other",
        };
        Device {
            os,
            browser,
            kind: kind.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_browser_gets_a_short_label() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        let device = Device::parse(agent);
        assert_eq!(
            (
                device.browser.as_str(),
                device.os.as_str(),
                device.kind.as_str()
            ),
            ("Firefox 145", "Linux", "desktop")
        );
    }

    #[test]
    fn words_of_no_browser_are_a_label_all_the_same() {
        assert_eq!(Device::parse("curl/8.5.0").browser, "curl 8");
        assert_eq!(Device::parse("").browser, "Unknown");
    }
}
