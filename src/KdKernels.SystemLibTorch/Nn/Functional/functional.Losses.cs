namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>What becomes of the values of a loss: kept, their mean over all elements, or their sum.</summary>
        public enum Reduction : long
        {
            /// <summary>One value per element (per sample, where the loss is over classes).</summary>
            None = 0,

            /// <summary>The mean; over all elements, not over the batch.</summary>
            Mean = 1,

            /// <summary>The sum.</summary>
            Sum = 2,
        }

        public static partial class functional
        {
            private const long NoIndexIgnored = -100;

            private static readonly AtenOp CrossEntropyOp = new("cross_entropy_loss");
            private static readonly AtenOp NllLossOp = new("nll_loss_nd");
            private static readonly AtenOp KlDivOp = new("kl_div");
            private static readonly AtenOp MseLossOp = new("mse_loss");
            private static readonly AtenOp L1LossOp = new("l1_loss");
            private static readonly AtenOp SmoothL1LossOp = new("smooth_l1_loss");
            private static readonly AtenOp BceWithLogitsOp = new("binary_cross_entropy_with_logits");

            /// <summary>−log softmax(input)[target], or −Σ target·log softmax(input) for class probabilities.</summary>
            /// <param name="input">Logits <c>[B, C, *]</c> or <c>[C]</c>.</param>
            /// <param name="target">Class indices <c>[B, *]</c> (int64) or probabilities of the input's shape.</param>
            /// <param name="weight">A factor per class, <c>[C]</c>; the mean then divides by the sum of the factors used.</param>
            /// <param name="ignore_index">A class index that counts for nothing.</param>
            /// <param name="reduction">Mean, sum or neither.</param>
            /// <param name="label_smoothing">The probability spread evenly over all classes.</param>
            public static Tensor cross_entropy(
                Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean,
                double label_smoothing = 0.0) =>
                CrossEntropyOp.Call(input, target, weight, (long)reduction, ignore_index, label_smoothing);

            /// <summary>−input[target] for log-probabilities.</summary>
            /// <param name="input">Log-probabilities <c>[B, C, *]</c> or <c>[C]</c>.</param>
            /// <param name="target">Class indices <c>[B, *]</c>; −100 counts for nothing.</param>
            /// <param name="weight">A factor per class, <c>[C]</c>.</param>
            /// <param name="reduction">Mean, sum or neither.</param>
            public static Tensor nll_loss(
                Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                NllLossOp.Call(input, target, weight, (long)reduction, NoIndexIgnored);

            /// <summary>p·(log p − input) per element, where input is log q.</summary>
            /// <param name="input">Log-probabilities log q.</param>
            /// <param name="target">log p when <paramref name="log_target"/>, else p.</param>
            /// <param name="log_target">TorchSharp's default is true, Python's false: always say which.</param>
            /// <param name="reduction">The mean is over all elements, not over the batch.</param>
            public static Tensor kl_div(
                Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                KlDivOp.Call(input, target, (long)reduction, log_target);

            /// <summary>(input − target)².</summary>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                MseLossOp.Call(input, target, (long)reduction);

            /// <summary>|input − target|.</summary>
            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                L1LossOp.Call(input, target, (long)reduction);

            /// <summary>d²/(2·beta) where d = |input − target| is below beta, d − beta/2 elsewhere.</summary>
            public static Tensor smooth_l1_loss(
                Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1.0) =>
                SmoothL1LossOp.Call(input, target, (long)reduction, beta);

            /// <summary>−(target·log σ(input)·pos_weights + (1 − target)·log(1 − σ(input)))·weight.</summary>
            public static Tensor binary_cross_entropy_with_logits(
                Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean,
                Tensor? pos_weights = null) =>
                BceWithLogitsOp.Call(input, target, weight, pos_weights, (long)reduction);
        }
    }
}
