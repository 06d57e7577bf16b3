// The shop as a CDK app: `npm ci && npm run deploy`. See ../README.md.
import { App } from 'aws-cdk-lib';
import { Shop } from './shop';

const app = new App();
const collectorEndpoint = app.node.tryGetContext('collectorEndpoint');
if (typeof collectorEndpoint !== 'string') {
  throw new Error('no collector: add -c collectorEndpoint=https://otel.example.com');
}
new Shop(app, 'shop', {
  description: 'A shop of four Lambda functions in Rust, traced with thundra, and the forwarder of their telemetry.',
  collectorEndpoint,
  tracesExporter: app.node.tryGetContext('tracesExporter'),
});
