import { openConnections, type Asked, type Plan } from './raw-connections.ts';
import { serve } from './served.ts';

/** Who asks, in a process of its own: what it costs to ask is counted apart from what it costs to answer. */
const plans: ReturnType<typeof openConnections>[] = [];

const open = async (told: Plan): Promise<void> => {
  plans.push(openConnections(told));
};

export type OpenLoad = typeof open;
serve(open, async (milliseconds: number): Promise<Asked> => {
  const [connections] = plans;
  if (connections === undefined) throw new Error('nothing is open');
  return connections.run(milliseconds);
});
