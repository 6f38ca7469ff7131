/** What agent.ts is told to do. */
export type AgentOrder = { readonly what: 'block'; readonly ms: number } | { readonly what: 'exhaust' };

/** Names the file that holds the order. */
export const ordersVariable = 'WEIR_CHAOS_ORDERS';
