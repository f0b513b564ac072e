// A double of the service that keeps direct messages (chat.bsky.*), whose program is not public. Real around it are the way through the
// PDS (the proxy header, the check that the app password may read messages, the token signed with the account's key), the check of that
// token against the directory, and the published lexicons, which every request and every answer is held to.
import { AuthRequiredError, InvalidRequestError, XRPCError, createServer, verifyJwt } from '@atproto/xrpc-server'
import { schemas } from '@atproto/api'
import { getVerificationMaterial } from '@atproto/common'
import { getDidKeyFromMultibase } from '@atproto/identity'
import express from 'express'

const CONVO = 'chat.bsky.convo'
const DEFS = `${CONVO}.defs`
const LETTERS = '234567abcdefghijklmnopqrstuvwxyz'

let last = 0n
/** A key that grows with time and is never given twice (a TID). */
function tid() {
  const now = (BigInt(Date.now()) * 1000n) << 10n
  last = now > last ? now : last + 1024n
  let text = ''
  for (let rest = last, i = 0; i < 13; i++, rest >>= 5n) text = LETTERS[Number(rest & 31n)] + text
  return text
}

/** One page of a list that is sorted by falling key. */
function paged(all, key, { limit = 50, cursor }) {
  const rest = cursor ? all.filter((one) => key(one) < cursor) : all
  const items = rest.slice(0, limit)
  return { items, cursor: rest.length > limit ? key(items.at(-1)) : undefined }
}

export async function startChat({ port, did: service, idResolver, accountOf }) {
  const convos = new Map()
  const logs = new Map()
  const faults = []

  const auth = async ({ req }) => {
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1]
    if (!token) throw new AuthRequiredError()
    const method = req.originalUrl.split('?')[0].split('/').pop()
    const { iss } = await verifyJwt(token, service, method, async (issuer, fresh) => {
      const document = await idResolver.did.resolve(issuer, fresh)
      const key = document && getVerificationMaterial(document, 'atproto')
      const found = key && getDidKeyFromMultibase(key)
      if (!found) throw new AuthRequiredError('no key in the DID document')
      return found
    })
    return { credentials: { did: iss } }
  }

  // ---- what is kept, and how it is shown ----

  const profile = async (did) => ({ did, handle: (await accountOf(did))?.handle ?? 'handle.invalid' })
  const messageView = (one, viewer) =>
    one.deletedFor.has(viewer)
      ? { $type: `${DEFS}#deletedMessageView`, id: one.id, rev: one.rev, sender: { did: one.sender }, sentAt: one.sentAt }
      : {
          $type: `${DEFS}#messageView`, id: one.id, rev: one.rev, text: one.text, sender: { did: one.sender }, sentAt: one.sentAt,
          ...(one.facets && { facets: one.facets }),
        }
  const withoutType = ({ $type, ...rest }) => rest
  const statusFor = (convo, did) => (convo.accepted.has(did) ? 'accepted' : 'request')
  const convoView = async (convo, did) => ({
    id: convo.id, rev: convo.rev, members: await Promise.all(convo.members.map(profile)), muted: false,
    unreadCount: convo.messages.filter((one) => one.sender !== did).length, status: statusFor(convo, did),
    kind: { $type: `${DEFS}#directConvo` },
    ...(convo.messages.length && { lastMessage: messageView(convo.messages.at(-1), did) }),
  })
  const tell = (convo, type, more, who = convo.members) => {
    for (const did of who) {
      if (!logs.has(did)) logs.set(did, [])
      logs.get(did).push({ $type: `${DEFS}#${type}`, rev: convo.rev, convoId: convo.id, ...more })
    }
  }
  const mine = (id, did) => {
    const convo = convos.get(id)
    if (!convo?.members.includes(did)) throw new InvalidRequestError('Convo not found', 'InvalidConvo')
    return convo
  }
  const between = (from, to) => {
    const members = [from, to].sort()
    for (const convo of convos.values()) if (convo.members.join() === members.join()) return convo
    const convo = { id: tid(), rev: tid(), members, messages: [], accepted: new Set([from]), left: new Set() }
    convos.set(convo.id, convo)
    tell(convo, 'logBeginConvo', {})
    return convo
  }
  const add = (convo, sender, { text, facets }) => {
    convo.rev = tid()
    const one = { id: tid(), rev: convo.rev, text, facets, sender, sentAt: new Date().toISOString(), deletedFor: new Set() }
    convo.messages.push(one)
    convo.accepted.add(sender)
    tell(convo, 'logCreateMessage', { message: messageView(one) })
    return one
  }

  // ---- the methods that programs use ----

  const methods = {
    getConvoForMembers: async ({ params, me }) => {
      const others = params.members.filter((did) => did !== me)
      if (others.length !== 1) throw new InvalidRequestError('members must be 1-1')
      if (!(await accountOf(others[0]))) throw new InvalidRequestError('Recipient not found', 'RecipientNotFound')
      return { convo: await convoView(between(me, others[0]), me) }
    },
    getConvo: async ({ params, me }) => ({ convo: await convoView(mine(params.convoId, me), me) }),
    listConvos: async ({ params, me }) => {
      const all = [...convos.values()]
        .filter((convo) => convo.members.includes(me) && !convo.left.has(me))
        .filter((convo) => !params.status || params.status === statusFor(convo, me))
        .sort((one, other) => (one.rev < other.rev ? 1 : -1))
      const { items, cursor } = paged(all, (convo) => convo.rev, params)
      return { convos: await Promise.all(items.map((convo) => convoView(convo, me))), ...(cursor && { cursor }) }
    },
    getMessages: async ({ params, me }) => {
      const convo = mine(params.convoId, me)
      const { items, cursor } = paged([...convo.messages].reverse(), (one) => one.id, params)
      const relatedProfiles = await Promise.all(convo.members.map(profile))
      return { messages: items.map((one) => messageView(one, me)), relatedProfiles, ...(cursor && { cursor }) }
    },
    getLog: async ({ params, me }) => {
      if (!params.cursor) return { logs: [], cursor: tid() } // without a cursor it begins now
      const found = (logs.get(me) ?? []).filter((entry) => entry.rev > params.cursor).slice(0, 100)
      return { logs: found, cursor: found.at(-1)?.rev ?? params.cursor }
    },
    sendMessage: async ({ input, me }) => withoutType(messageView(add(mine(input.convoId, me), me, input.message), me)),
    deleteMessageForSelf: async ({ input, me }) => {
      const convo = mine(input.convoId, me)
      const one = convo.messages.find(({ id }) => id === input.messageId)
      if (!one) throw new InvalidRequestError('Message not found', 'InvalidConvo')
      one.deletedFor.add(me)
      convo.rev = tid()
      tell(convo, 'logDeleteMessage', { message: messageView(one, me) }, [me])
      return withoutType(messageView(one, me))
    },
    leaveConvo: async ({ input, me }) => {
      const convo = mine(input.convoId, me)
      convo.left.add(me)
      convo.rev = tid()
      tell(convo, 'logLeaveConvo', {}, [me])
      return { convoId: convo.id, rev: convo.rev }
    },
  }

  const fail = (method, when) => {
    const fault = faults.find((one) => one.method === method && one.when === when)
    if (!fault) return
    faults.splice(faults.indexOf(fault), 1)
    throw new XRPCError(fault.status, 'made by the test')
  }
  const server = createServer(schemas, { validateResponse: true })
  for (const [name, method] of Object.entries(methods)) {
    server.method(`${CONVO}.${name}`, {
      auth,
      handler: async ({ params, input, auth: { credentials } }) => {
        fail(name, 'before')
        const body = await method({ params, input: input?.body, me: credentials.did })
        fail(name, 'after')
        return { encoding: 'application/json', body }
      },
    })
  }
  const listening = express().use(server.router).listen(port)
  await new Promise((done) => listening.once('listening', done))

  const orders = {
    send: ({ from, to, text }) => {
      const convo = between(from, to)
      return { convo: convo.id, message: add(convo, from, { text }).id }
    },
    fail: (fault) => void faults.push({ when: 'before', ...fault }),
    truth: ({ convo }) => ({ messages: convos.get(convo).messages.map(({ id, sender, text }) => ({ id, sender, text })) }),
  }
  return {
    control: async ({ op, ...order }) => orders[op](order),
    close: () => new Promise((done) => { listening.closeAllConnections(); listening.close(done) }),
  }
}
