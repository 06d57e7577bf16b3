//! References to secrets, such as `ssm:/otlp/key`.

/// A reference to a secret, in the value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The text before the secret, such as `Bearer `.
    prefix: String,
    pub(super) store: Store,
    /// The name or ARN of the parameter or of the secret.
    pub(super) id: String,
    /// The member of a secret that is a JSON object.
    pub(super) key: Option<String>,
}

/// A store of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    ParameterStore,
    SecretsManager,
}

impl Reference {
    /// Reads a reference. The last word of the value is the reference, and the words before it stay as they are.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let start = value.rfind(' ').map_or(0, |space| space + 1);
        let (prefix, reference) = value.split_at_checked(start)?;
        let (store, id, key) = if let Some(name) = reference.strip_prefix("ssm:") {
            (Store::ParameterStore, name, None)
        } else {
            let id = reference.strip_prefix("secretsmanager:")?;
            match id.split_once('#') {
                Some((id, key)) => (Store::SecretsManager, id, Some(key)),
                None => (Store::SecretsManager, id, None),
            }
        };
        let is_whole = !id.is_empty() && key != Some("");
        is_whole.then(|| Reference { prefix: prefix.to_owned(), store, id: id.to_owned(), key: key.map(str::to_owned) })
    }

    /// Returns the value of the header: the secret in its place.
    pub(super) fn header(&self, secret: &str) -> String {
        format!("{}{}", self.prefix, secret.trim())
    }

    /// Takes the member of a secret that the reference names, or the whole secret. `None` without such a member.
    pub(super) fn member(&self, secret: String) -> Option<String> {
        let Some(key) = &self.key else { return Some(secret) };
        match serde_json::from_str::<serde_json::Value>(&secret).ok()?.get(key)? {
            serde_json::Value::String(text) => Some(text.clone()),
            number @ serde_json::Value::Number(_) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_calls::region_of;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf";

    #[test]
    fn a_reference_names_a_store_and_a_secret() {
        use Store::{ParameterStore, SecretsManager};
        let with_key = format!("secretsmanager:{ARN}#token");
        let parameter = "ssm:arn:aws:ssm:us-east-2:123456789012:parameter/otlp/key";
        for (value, store, id, key, prefix, region) in [
            ("ssm:/otlp/key", ParameterStore, "/otlp/key", None, "", None),
            ("ssm:key:3", ParameterStore, "key:3", None, "", None),
            (parameter, ParameterStore, &parameter[4..], None, "", Some("us-east-2")),
            ("secretsmanager:otlp", SecretsManager, "otlp", None, "", None),
            (&*with_key, SecretsManager, ARN, Some("token"), "", Some("eu-west-1")),
            ("Bearer ssm:/otlp/key", ParameterStore, "/otlp/key", None, "Bearer ", None),
            ("Api-Token secretsmanager:a#b#c", SecretsManager, "a", Some("b#c"), "Api-Token ", None),
        ] {
            let reference = Reference::parse(value).unwrap();
            assert_eq!((reference.store, &*reference.id, reference.key.as_deref()), (store, id, key), "{value}");
            assert_eq!((region_of(&reference.id), reference.header(" s3cr3t\n")), (region, format!("{prefix}s3cr3t")));
        }
        for value in ["", "ssm:", "secretsmanager:", "secretsmanager:#key", "secretsmanager:id#", "s3:x", "ssm:/a b"] {
            assert_eq!(Reference::parse(value), None, "{value}");
        }
    }

    #[test]
    fn a_key_is_a_member_of_a_json_object() {
        let member = |reference: &str, secret: &str| Reference::parse(reference).unwrap().member(secret.to_owned());
        for (secret, expected, why) in [
            (r#"{"k":"v","other":"x"}"#, Some("v"), "a text"),
            (r#"{"k":7}"#, Some("7"), "a number"),
            (r#"{"k":{"v":1}}"#, None, "an object"),
            (r#"{"k":null}"#, None, "nothing"),
            (r#"{"other":"x"}"#, None, "another member"),
            ("v", None, "no JSON"),
        ] {
            assert_eq!(member("secretsmanager:id#k", secret).as_deref(), expected, "{why}");
            assert_eq!(member("secretsmanager:id", secret).as_deref(), Some(secret), "the whole secret");
        }
    }
}
