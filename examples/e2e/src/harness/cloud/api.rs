//! HTTP APIs of API Gateway.

use aws_sdk_apigatewayv2::types::{IntegrationType, ProtocolType};

use super::{Cloud, given, refused};
use crate::harness::Error;

impl Cloud {
    /// Creates an HTTP API whose `route` (`POST /orders`) calls a function, and returns the base URL.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn create_http_api(&self, name: &str, route: &str, function_arn: &str) -> Result<String, Error> {
        let request = self.gateway.create_api().name(name).protocol_type(ProtocolType::Http);
        let answer = request.send().await.map_err(refused(format_args!("create the API {name}")))?;
        let api = given(answer.api_id, "API id")?;

        let request = self
            .gateway
            .create_integration()
            .api_id(&api)
            .integration_type(IntegrationType::AwsProxy)
            .integration_uri(function_arn)
            .payload_format_version("2.0");
        let answer = request.send().await.map_err(refused(format_args!("integrate {function_arn}")))?;
        let target = format!("integrations/{}", given(answer.integration_id, "integration id")?);

        let request = self.gateway.create_route().api_id(&api).route_key(route).target(target);
        request.send().await.map_err(refused(format_args!("route {route}")))?;
        let request = self.gateway.create_stage().api_id(&api).stage_name("$default").auto_deploy(true);
        request.send().await.map_err(refused(format_args!("deploy the API {name}")))?;

        // MiniStack distinguishes APIs by path as well as by host name; a path needs no name resolution.
        Ok(format!("{}/_aws/execute-api/{api}/$default", self.endpoint))
    }
}
