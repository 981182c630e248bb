// ZEN, the engine of GoRules, behind the HTTP server of Node.js.
// Arguments: the file of the decision, `trace` or `plain`, a port. A GET says that it is ready.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { ZenDecisionContent, ZenEngine } from '@gorules/zen-engine'

const [file, kind, port] = process.argv.slice(2)
const content = new ZenDecisionContent(readFileSync(file))
const engine = new ZenEngine({ loader: async () => content })
const options = { trace: kind === 'trace' }

const server = createServer((request, response) => {
  const parts = []
  request.on('data', part => parts.push(part))
  request.on('end', async () => {
    if (request.method === 'GET') return response.end('ready')
    const facts = JSON.parse(Buffer.concat(parts))
    const body = JSON.stringify(await engine.evaluate('triage', facts, options))
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    response.end(body)
  })
})
server.listen(Number(port), '127.0.0.1')
