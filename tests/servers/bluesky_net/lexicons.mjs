// Writes the published lexicons that ship with @atproto/api as one JSON file: node lexicons.mjs OUTPUT [PREFIX,PREFIX]
import { writeFileSync } from 'node:fs'
import { schemas } from '@atproto/api'

const [output, prefixes = ''] = process.argv.slice(2)
const wanted = schemas.filter(({ id }) => prefixes.split(',').some((prefix) => id.startsWith(prefix)))
writeFileSync(output, JSON.stringify(wanted))
