// A whole Bluesky on loopback: directory (PLC), account server (PDS), AppView, Ozone, and a double of the message service.
// Started by tests/servers/bluesky.py, with the ports in NET_PORTS (JSON). Prints "READY {...}" once all of it answers, and ends with
// SIGTERM. What tests need beyond the services' own interfaces is behind the port `control`: POST with JSON.
import './loopback.mjs'
import http from 'node:http'

const { TestNetwork } = await import('@atproto/dev-env')
const { startChat } = await import('./chat.mjs')

const ports = JSON.parse(process.env.NET_PORTS)
const CHAT_DID = 'did:web:api.bsky.chat' // what programs name in `atproto-proxy`

const network = await TestNetwork.create({
  plc: { port: ports.plc },
  pds: {
    port: ports.pds,
    hostname: 'localhost',
    enableDidDocWithSession: true,
    rateLimitsEnabled: true, // this machine is let through, until a test asks for the limits (`/limits`)
    rateLimitBypassIps: ['127.0.0.1'],
  },
  bsky: { port: ports.bsky, publicUrl: `http://localhost:${ports.bsky}`, maxThreadDepth: 8 },
  ozone: { port: ports.ozone, chatUrl: `http://localhost:${ports.chat}`, chatDid: CHAT_DID, dbMaterializedViewRefreshIntervalMs: 30_000 },
  introspect: { port: ports.introspect },
})

// ---- direct messages: the service is not public, so a double stands in, held to the published lexicons ----
const idResolver = network.pds.ctx.idResolver
const accountOf = (did) => network.pds.ctx.accountManager.getAccount(did, { includeDeactivated: true, includeTakenDown: true })
const chat = await startChat({ port: ports.chat, did: CHAT_DID, idResolver, accountOf })
const resolve = idResolver.did.resolveNoCache
idResolver.did.resolveNoCache = async (did) => {
  if (did !== CHAT_DID) return resolve.call(idResolver.did, did)
  const service = { id: '#bsky_chat', type: 'BskyChatService', serviceEndpoint: `http://localhost:${ports.chat}` }
  return { '@context': ['https://www.w3.org/ns/did/v1'], id: CHAT_DID, service: [service] }
}

// ---- the AppView can be made to wait before it indexes what an account wrote: late, or in another order ----
const gates = new Map()
const indexing = network.bsky.sub.indexingSvc
for (const name of ['indexRecord', 'deleteRecord']) {
  const original = indexing[name].bind(indexing)
  indexing[name] = async (uri, ...rest) => {
    await gates.get(uri.host ?? uri.hostname)?.passed
    return original(uri, ...rest)
  }
}

const ROLES = { admin: 'addAdminDid', moderator: 'addModeratorDid', triage: 'addTriageDid' }
const routes = {
  '/notified': async () => void (await network.bsky.sub.background.processAll()),
  '/hold': async ({ did }) => {
    const gate = {}
    gate.passed = new Promise((open) => (gate.open = open))
    gates.set(did, gate)
  },
  '/release': async ({ did }) => {
    gates.get(did)?.open()
    gates.delete(did)
  },
  '/team': async ({ did, role }) => void (await network.ozone[ROLES[role]](did)),
  // Waits until the AppView knows a version of a post: `cid`, null for none at all, or any where it is not given.
  '/indexed': async ({ uri, cid }) => {
    for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((next) => setTimeout(next, 10))) {
      const row = await network.bsky.db.db.selectFrom('record').select('cid').where('uri', '=', uri).executeTakeFirst()
      const known = row?.cid ?? null
      if (cid === undefined ? known : known === cid) return
    }
    throw new Error(`not indexed within 20 s: ${uri}`)
  },
  '/limits': async ({ on }) => void (network.pds.ctx.cfg.rateLimits.bypassIps = on ? [] : ['127.0.0.1']),
  '/chat': (order) => chat.control(order),
}

const control = http.createServer((request, response) => {
  let text = ''
  request.on('data', (part) => (text += part)).on('end', async () => {
    const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    try {
      answer(200, (await routes[request.url](JSON.parse(text || '{}'))) ?? {})
    } catch (error) {
      answer(500, { error: String(error?.stack ?? error) })
    }
  })
})
control.listen(ports.control, () => {
  const { pds, ozone } = network
  console.log(`READY ${JSON.stringify({ ozone: ozone.ctx.cfg.service.did, pds: pds.ctx.cfg.service.did, chat: CHAT_DID })}`)
})

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(0), 5_000).unref()
  for (const gate of gates.values()) gate.open()
  control.close()
  control.closeAllConnections()
  await chat.close()
  await network.close().catch(() => {})
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
