//! The templates, in the form accepted by MiniStack.

const TEMPLATE: &str = include_str!("../../../../deploy/template.yaml");
pub(super) const MONITORING: &str = include_str!("../../../../deploy/monitoring.yaml");

/// Returns the application as packaged by `sam package`, with the code and the nested stack in S3.
pub(super) fn packaged(monitoring: &str) -> String {
    let (mut packaged, mut program) = (String::new(), None);
    for line in TEMPLATE.lines() {
        let text = line.trim();
        if let Some(rest) = text.strip_prefix("BuildProperties: { Binary: ") {
            program = rest.split(' ').next();
        }
        let line = match text {
            "CodeUri: .." => continue,
            "Location: monitoring.yaml" => line.replace("monitoring.yaml", monitoring),
            // MiniStack knows no alternatives in the patterns of subscriptions.
            _ if text.starts_with("Properties: { LogGroupName: ") => {
                let (start, _) = line.split_once(", FilterPattern").unwrap();
                format!("{start}, FilterPattern: '' }}")
            }
            _ => line.to_owned(),
        };
        packaged += &format!("{line}\n");
        if let ("Properties:", Some(program)) = (text, program.filter(|_| text == "Properties:")) {
            packaged += &format!("      CodeUri: s3://packages/{program}.zip\n");
        }
        if text == "Properties:" {
            program = None;
        }
    }
    packaged
}

/// Returns the monitoring without the resources that MiniStack refuses: saved queries, and alarms on expressions.
pub(super) fn monitoring() -> String {
    let (head, resources) = MONITORING.split_once("\nResources:\n").unwrap();
    let is_taken = |resource: &&Resource<'_>| {
        !resource.text.contains("AWS::Logs::QueryDefinition") && !resource.text.contains("      Metrics:\n")
    };
    let (taken, refused): (Vec<_>, Vec<_>) = self::resources(resources).into_iter().partition(|one| is_taken(&one));
    assert!(taken.len() > 10 && refused.len() > 10, "{} are taken, {} are not", taken.len(), refused.len());
    let text: String = taken.iter().map(|resource| resource.text.as_str()).collect();
    let text = refused.iter().fold(text, |text, one| text.replace(&format!("${{{}.Arn}}", one.name), one.name));
    format!("{head}\nResources:\n{text}")
}

struct Resource<'a> {
    name: &'a str,
    text: String,
}

/// Splits resources at the names. A name is indented by two spaces.
fn resources(text: &str) -> Vec<Resource<'_>> {
    let mut resources: Vec<Resource<'_>> = Vec::new();
    for line in text.lines() {
        let name = line.strip_prefix("  ").and_then(|line| line.strip_suffix(':'));
        if let Some(name) = name.filter(|name| name.chars().all(char::is_alphanumeric)) {
            resources.push(Resource { name, text: String::new() });
        }
        if let Some(resource) = resources.last_mut() {
            resource.text += &format!("{line}\n");
        }
    }
    resources
}
