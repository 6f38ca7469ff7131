import { from, schema, t } from 'weir';
import { testRun, testSource } from 'weir/testing';

export const Offer = schema({ item: t.string, seller: t.string, least: t.number, offeredAt: t.timestamp });
export const Bid = schema({ item: t.string, bidder: t.string, price: t.number, bidAt: t.timestamp });
export const [offers, bids] = [testSource(Offer), testSource(Bid)];

/** Each offer with the bids of the next hour that reach what is asked for, but for its seller's own; alone, where there is none. */
const answered = from(offers)
  .withWatermark('offeredAt', '1 minute')
  .join(from(bids).withWatermark('bidAt', '1 minute'), {
    on: 'item',
    how: 'left',
    within: ['0 minutes', '1 hour'],
    where: (offer, bid) => bid.price.gte(offer.least).and(bid.bidder.ne(offer.seller)),
  });

/** What becomes of the rows. */
export const run = () => testRun(answered);
