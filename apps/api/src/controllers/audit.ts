/** The audit log: read, taken away, verified. */
import { Controller, Res } from '@nestjs/common';
import { type AuditEntry, type AuditVerdict, endpoints, type Page } from '@almanac/contracts';
import { auditCsv, auditLines, listAudit, verifyAudit } from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class AuditController {
  @Route('listAudit')
  list(@Input() { query }: Parse<'listAudit'>, @Flow() flow: FlowContext): Promise<Page<AuditEntry>> {
    return listAudit(flow, query);
  }

  @Route('auditCsv')
  csv(@Input() { query }: Parse<'auditCsv'>, @Flow() flow: FlowContext, @Res() reply: FastifyReply): void {
    send(reply, endpoints.auditCsv.produces, 'audit.csv', auditCsv(flow, query));
  }

  @Route('auditLines')
  lines(@Input() { query }: Parse<'auditLines'>, @Flow() flow: FlowContext, @Res() reply: FastifyReply): void {
    send(reply, endpoints.auditLines.produces, 'audit.ndjson', auditLines(flow, query));
  }

  @Route('verifyAudit')
  verify(@Input() { query }: Parse<'verifyAudit'>, @Flow() flow: FlowContext): Promise<AuditVerdict> {
    return verifyAudit(flow, query.noted);
  }
}

function send(reply: FastifyReply, type: string, fileName: string, lines: AsyncGenerator<string>): void {
  void reply
    .header('content-type', `${type}; charset=utf-8`)
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .send(Readable.from(lines));
}
