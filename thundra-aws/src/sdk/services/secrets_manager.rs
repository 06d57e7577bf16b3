//! Secrets Manager: the ARN of the secret.

use thundra_core::semconv;

use super::service::{Attributes, Service, add};

pub(super) static SERVICE: Service = Service {
    id: "Secrets Manager",
    signing_name: "secretsmanager",
    names: &["SecretId"],
    attributes: |operation, attributes| {
        // A secret can be given by its name as well, for which there is no attribute.
        let arn = operation.member("SecretId").filter(|id| id.starts_with("arn:"));
        add(attributes, semconv::AWS_SECRETSMANAGER_SECRET_ARN, arn);
    },
    request: |_| Attributes::new(),
    batch_size: |_| None,
    response: |_, _| None,
    writes: None,
    messages: None,
};
