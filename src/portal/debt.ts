import type { FastifyReply } from 'fastify';
import { lookUpOwnDebt } from '../debt/look-up-own.ts';
import { sendPage } from '../html/send-page.ts';
import { overviewOf } from './debt-overview.ts';
import { debtPage } from './debt.page.ts';
import type { Visit } from './visit.ts';

/** B1: looks up the visitor's own debt, which is logged, and shows it. */
export async function showDebt({ portal, request, reply, person, frame }: Visit): Promise<FastifyReply> {
  const { platform, creditors } = portal;
  const debt = await lookUpOwnDebt(platform, creditors, { nin: person.nin, traceId: request.id });
  return sendPage(reply, debtPage(frame, { overview: overviewOf(debt.creditors), at: debt.at }));
}
