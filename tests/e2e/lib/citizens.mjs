// The demo's people, as its banner tells them to whoever starts it.

import { Authenticator } from './totp.mjs';

/** What the portal should call them. */
const NAMES = {
  lan: 'Nguyễn Thị Lan',
  minh: 'Trần Văn Minh',
  tuan: 'Hoàng Anh Tuấn',
  anna: 'Anna Müller',
  hung1: 'Nguyễn Văn Hùng',
  hung2: 'Nguyễn Văn Hùng',
  // Registered decomposed, shown composed.
  hoan: 'Đặng Thị Hoàn',
  linh: 'Bùi Khánh Linh',
  quynh: 'Ngô Như Quỳnh',
  bao: 'Phan Gia Bảo',
  examiner: 'Tài Khoản Kiểm Thử',
};

/** `key  number  password  secret  shows`, columns two or more spaces apart; `-` is no secret. */
const ROW = /^ *(\w+) {2,}(\d{12}) {2,}(.+?) {2,}([A-Z2-7]{32}|-) {2,}\S/gm;

/** Everybody by key: number, password, name and, for who has one, the authenticator app. */
export function citizensOf(banner) {
  const citizens = {};
  for (const [, key, number, password, secret] of banner.matchAll(ROW)) {
    const authenticator = secret === '-' ? undefined : new Authenticator(secret);
    citizens[key] = { key, number, password, name: NAMES[key], authenticator };
  }
  return citizens;
}
