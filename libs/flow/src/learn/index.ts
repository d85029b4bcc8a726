/** Online learning as others ask for it. */
export { requestLearning } from './request.js';
