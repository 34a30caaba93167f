// Enrols a person, finds them again, verifies them, erases them.
//
//   whorl serve --dev --store store --gallery main --create --key-file master.key
//   node built/example.js whorl-dev main first-visit.png second-visit.png
import * as grpc from '@grpc/grpc-js';
import { Builder, ByteBuffer } from 'flatbuffers';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import * as wire from './generated/whorl_generated';

const SUBJECT = 7n;
const DEADLINE_MS = 60_000;
const MOST_TRIES = 4;
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024; // the protocol's; gRPC by itself takes 4 MiB
const NOT_FOUND = 16, BUSY = 49, DRAINING = 57; // docs/faults.md

/** The service said no. `fault` is a number of docs/faults.md; 0: gRPC itself said it. */
class Refused extends Error {
  readonly fault: number;
  readonly retryAfterMs: number;
  readonly passes: boolean; // the same request may do better in a while

  constructor({ code, details, metadata }: grpc.ServiceError) {
    const fault = Number(metadata.get('whorl-fault')[0] ?? 0);
    super(`refused with ${fault ? `fault ${fault}` : grpc.status[code]}: ${details}`);
    this.fault = fault;
    this.retryAfterMs = Number(metadata.get('retry-after-ms')[0] ?? 1000);
    const unreachable = fault === 0 && code === grpc.status.UNAVAILABLE;
    this.passes = unreachable || fault === BUSY || fault === DRAINING;
  }
}

/** One connection, which comes back by itself. */
class Register {
  private readonly client: grpc.Client;

  /** `folder` is the one that `whorl serve --dev` made. */
  constructor(folder: string, private readonly gallery: string) {
    const read = (file: string) => readFileSync(join(folder, file));
    const tls = createSecureContext({
      ca: read('authority.pem'),
      cert: read('client.pem'),
      key: read('client.key'),
      minVersion: 'TLSv1.3',
    });
    this.client = new grpc.Client(
      read('address').toString().trim(),
      grpc.credentials.createFromSecureContext(tls),
      { 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES },
    );
  }

  close(): void { this.client.close(); }

  /** Every question has a new id: one that comes again is given its first answer. */
  heading(): wire.HeadingT {
    return new wire.HeadingT(randomUUID(), this.gallery, 'trying-out');
  }

  /** What is lost or finds the service busy is sent again, the same bytes: it is done once. */
  async ask<Answer>(
    call: string,
    request: { pack(builder: Builder): number },
    root: (bytes: ByteBuffer) => { unpack(): Answer },
  ): Promise<Answer> {
    const builder = new Builder();
    builder.finish(request.pack(builder));
    const message = Buffer.from(builder.asUint8Array());
    const deadline = Date.now() + DEADLINE_MS; // of all tries together
    for (let tries = 1; ; ++tries) {
      try {
        return root(new ByteBuffer(await this.send(call, message, deadline))).unpack();
      } catch (error) {
        const again = error instanceof Refused && error.passes && tries < MOST_TRIES;
        if (!again) throw error;
        await pause(error.retryAfterMs);
      }
    }
  }

  private send(call: string, message: Buffer, deadline: number): Promise<Buffer> {
    const path = `/whorl.wire.Register/${call}`;
    const asItIs = (bytes: Buffer) => bytes; // a message is its bytes, nothing around them
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, asItIs, asItIs, message, { deadline }, (error, answer) =>
        error ? reject(new Refused(error)) : resolve(answer!));
    });
  }
}

function sample(path: string): wire.SampleT {
  return new wire.SampleT(Array.from(readFileSync(path)));
}

/** Whether the second visit was surely the same person's. */
async function talk(register: Register, first: string, second: string): Promise<boolean> {
  const enrolment = new wire.EnrolRequestT(register.heading(), SUBJECT, [sample(first)], 'desk 4');
  const enrolled = await register.ask('Enrol', enrolment, wire.EnrolAnswer.getRootAsEnrolAnswer);
  console.log(`subject ${enrolled.subject} enrolled as encounter ${enrolled.encounter}`);

  const search = new wire.SearchT(3); // candidates at most
  const query = new wire.IdentifyRequestT(register.heading(), [sample(second)], search);
  const found = await register.ask('Identify', query, wire.IdentifyAnswer.getRootAsIdentifyAnswer);
  for (const { subject, fmr } of found.result?.candidates ?? []) {
    console.log(`subject ${subject}: false match rate ${fmr.toExponential(1)}`);
  }
  for (const reason of found.result?.reasons ?? []) console.log(`  because ${reason}`);

  const claim = new wire.VerifyRequestT(register.heading(), [sample(second)], SUBJECT);
  const verified = await register.ask('Verify', claim, wire.VerifyAnswer.getRootAsVerifyAnswer);
  const same = verified.match === wire.Decision.hit;
  console.log(same ? 'the same person' : 'not surely the same person');

  const erasure = new wire.EraseRequestT(register.heading(), SUBJECT);
  await register.ask('Erase', erasure, wire.ChangeAnswer.getRootAsChangeAnswer);
  const look = new wire.GetSubjectRequestT(register.heading(), SUBJECT);
  try {
    await register.ask('GetSubject', look, wire.SubjectAnswer.getRootAsSubjectAnswer);
  } catch (error) {
    if (!(error instanceof Refused && error.fault === NOT_FOUND)) throw error;
    console.log(`erased: E${error.fault}`);
    return same;
  }
  throw new Error(`subject ${SUBJECT} is still there`);
}

async function main(words: string[]): Promise<number> {
  const [folder, gallery, first, second] = words;
  if (!folder || !gallery || !first || !second) {
    console.error('node built/example.js FOLDER GALLERY FIRST_VISIT SECOND_VISIT');
    return 2;
  }
  const register = new Register(folder, gallery);
  try {
    return await talk(register, first, second) ? 0 : 1;
  } finally {
    register.close();
  }
}

main(process.argv.slice(2)).then(
  (code) => { process.exitCode = code; },
  (error) => { // with its stack, unless the service said no
    console.error(error instanceof Refused ? error.message : error);
    process.exitCode = 3;
  },
);
