// A Node service on the published packages. Its standard input has the ids that it sends with and the events that it is
// given; the file of its argument gets what it sent, as it went over the wire, which ids it read, and what it sent with
// those.

'use strict'

const fs = require('fs')
const http = require('http')
const CorrelationIds = require('@dazn/lambda-powertools-correlation-ids')
const middleware = require('@dazn/lambda-powertools-middleware-correlation-ids')

const ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:orders'
const BODY = '{"order":7}'
const BODIES = [BODY, '{"order":8}']

const client = name => require(`@dazn/lambda-powertools-${name}-client`)
const aws = (name, operation, input) => async url => {
  const service = client(name)
  service.setEndpoint(url)
  service.config.update({ maxRetries: 0 })
  await service[operation](typeof input === 'function' ? input(url) : input).promise()
}

const SENDING = {
  http: url => client('http')({ uri: `${url}/orders` }),
  sns: aws('sns', 'publish', { TopicArn: 'arn:aws:sns:eu-west-1:123456789012:orders', Message: BODY }),
  // The client goes where the queue is.
  sqs: aws('sqs', 'sendMessage', QueueUrl => ({ QueueUrl, MessageBody: BODY })),
  'sqs-batch': aws('sqs', 'sendMessageBatch', QueueUrl => ({
    QueueUrl,
    Entries: BODIES.map((MessageBody, at) => ({ Id: `${at}`, MessageBody }))
  })),
  kinesis: aws('kinesis', 'putRecord', { StreamName: 'orders', PartitionKey: 'key', Data: BODY }),
  'kinesis-batch': aws('kinesis', 'putRecords', {
    StreamName: 'orders',
    Records: BODIES.map(Data => ({ PartitionKey: 'key', Data }))
  }),
  eventbridge: aws('eventbridge', 'putEvents', {
    Entries: [{ Source: 'shop', DetailType: 'placed', Detail: BODY }]
  }),
  lambda: aws('lambda', 'invoke', { FunctionName: 'orders', Payload: BODY }),
  'lambda-async': aws('lambda', 'invoke', { FunctionName: 'orders', InvocationType: 'Event', Payload: BODY }),
  stepfunctions: aws('step-functions', 'startExecution', { stateMachineArn: ARN, input: BODY })
}

// What arrives while a client sends; the answer is none that any service gives.
async function captured (send) {
  const requests = []
  const server = http.createServer((request, response) => {
    const chunks = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ headers: pairs(request.rawHeaders), body: Buffer.concat(chunks).toString() })
      response.setHeader('connection', 'close')
      response.end('{}')
    })
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  await send(`http://127.0.0.1:${server.address().port}`).catch(() => {})
  server.close()
  return requests
}

function pairs (raw) {
  return Object.fromEntries(raw.flatMap((name, at) => at % 2 ? [] : [[name, raw[at + 1]]]))
}

// The ids of each record, or of the invocation where there are no records of their own.
async function read ({ event, context }) {
  await middleware({ sampleDebugLogRate: 0 }).before({ event, context })
  const records = context.parsedKinesisEvents || event.Records || []
  const own = records.filter(record => record.correlationIds).map(record => record.correlationIds.get())
  return own.length > 0 ? own : [CorrelationIds.get()]
}

async function main () {
  const { ids, events } = JSON.parse(fs.readFileSync(0))
  const said = { sent: {}, read: {}, handed_on: {} }
  for (const [name, send] of Object.entries(SENDING)) {
    CorrelationIds.replaceAllWith({ ...ids })
    said.sent[name] = await captured(send)
  }
  for (const [name, invocation] of Object.entries(events)) {
    said.read[name] = await read(invocation)
    CorrelationIds.replaceAllWith(said.read[name][0])
    said.handed_on[name] = await captured(SENDING.sns)
  }
  // Standard output is also where the packages write their metrics.
  fs.writeFileSync(process.argv[2], JSON.stringify(said))
}

main()
