//! Stacks of CloudFormation.

use std::time::{Duration, Instant};

use reqwest::{Method, Url};

use super::Cloud;
use crate::harness::Error;

/// The time for the resources of a stack to be created.
const PATIENCE: Duration = Duration::from_secs(60);

impl Cloud {
    /// Creates a stack, and waits for the resources of the stack.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request, or a resource cannot be created.
    pub async fn create_stack(&self, name: &str, template: &str, parameters: &[(&str, &str)]) -> Result<(), Error> {
        let mut request = vec![("StackName".to_owned(), name), ("TemplateBody".to_owned(), template)];
        for (index, capability) in ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"].into_iter().enumerate() {
            request.push((format!("Capabilities.member.{}", index + 1), capability));
        }
        for (index, (key, value)) in parameters.iter().enumerate() {
            request.push((format!("Parameters.member.{}.ParameterKey", index + 1), key));
            request.push((format!("Parameters.member.{}.ParameterValue", index + 1), value));
        }
        self.formation("CreateStack", &request).await?;
        let started = Instant::now();
        loop {
            let stacks = self.formation("DescribeStacks", &[("StackName".to_owned(), name)]).await?;
            match stacks.split("<StackStatus>").nth(1).and_then(|rest| rest.split('<').next()) {
                Some("CREATE_COMPLETE") => return Ok(()),
                Some("CREATE_IN_PROGRESS") if started.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                status => {
                    let events = self.formation("DescribeStackEvents", &[("StackName".to_owned(), name)]).await?;
                    return Err(format!("the stack {name} is {status:?}: {events}").into());
                }
            }
        }
    }

    /// Sends a request to CloudFormation, and returns the response, XML.
    async fn formation(&self, action: &str, members: &[(String, &str)]) -> Result<String, Error> {
        let mut url = Url::parse(&self.endpoint)?;
        url.query_pairs_mut().append_pair("Action", action).append_pair("Version", "2010-05-15").extend_pairs(members);
        let form = url.query().unwrap_or_default().to_owned();
        let answer = self.rest("cloudformation", Method::POST, "/", form).await?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }
}
