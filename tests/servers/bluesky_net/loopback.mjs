// Imported before anything else: the servers of @atproto/dev-env listen on every interface of the machine. Here each of them listens
// on 127.0.0.1, whatever it asks for.
import net from 'node:net'

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  const [first] = given
  const done = given.find((one) => typeof one === 'function')
  const isPort = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))
  if (!isPort && (typeof first !== 'object' || first === null || first.path || first.fd !== undefined)) {
    return listen.apply(this, given)
  }
  const options = { ...(isPort ? { port: Number(first) } : first), host: '127.0.0.1' }
  return done ? listen.call(this, options, done) : listen.call(this, options)
}
