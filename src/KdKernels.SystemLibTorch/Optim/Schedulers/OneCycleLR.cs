namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>
                /// Smith and Topin 2018: the rate rises from max_lr / div_factor to max_lr and falls to max_lr / (div_factor·final_div_factor);
                /// the momentum (Adam: beta1) moves the other way.
                /// </summary>
                /// <remarks>
                /// With several groups TorchSharp 0.107 takes a group's index for that of a phase, so that its second group never leaves the
                /// first phase; here every group follows the schedule.
                /// </remarks>
                public class OneCycleLR : LRScheduler
                {
                    private readonly bool _cycleMomentum;
                    private readonly AnnealStrategy _strategy;
                    private readonly int _totalSteps;
                    private readonly Phase[] _phases;
                    private readonly double[] _baseMomentum;
                    private readonly double[] _maxMomentum;

                    /// <summary>One peak rate for all groups.</summary>
                    public OneCycleLR(
                        Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1,
                        double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true,
                        double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25,
                        double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : this(
                            optimizer, Repeat(optimizer, max_lr), total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy,
                            cycle_momentum, Repeat(optimizer, base_momentum), Repeat(optimizer, max_momentum), div_factor,
                            final_div_factor, three_phase, last_epoch, verbose)
                    {
                    }

                    /// <summary>One peak rate per group.</summary>
                    /// <param name="optimizer">The optimiser.</param>
                    /// <param name="max_lr">The peak of every group.</param>
                    /// <param name="total_steps">The length; or the next two parameters, whose product it then is.</param>
                    /// <param name="epochs">The number of epochs.</param>
                    /// <param name="steps_per_epoch">The steps of an epoch.</param>
                    /// <param name="pct_start">The share of the steps that go up.</param>
                    /// <param name="anneal_strategy">Half a cosine, or straight lines.</param>
                    /// <param name="cycle_momentum">Whether the momentum moves too.</param>
                    /// <param name="base_momentum">The momentum at the peak, per group; 0.85.</param>
                    /// <param name="max_momentum">The momentum at both ends, per group; 0.95.</param>
                    /// <param name="div_factor">The peak over the first rate.</param>
                    /// <param name="final_div_factor">The first rate over the last.</param>
                    /// <param name="three_phase">Whether to fall to the first rate as fast as it rose, then to the last.</param>
                    /// <param name="last_epoch">The last step of an earlier run; −1 to start.</param>
                    /// <param name="verbose">Whether to print every change.</param>
                    /// <exception cref="ArgumentException">No length, a value out of range, or an optimiser without momentum to cycle.</exception>
                    public OneCycleLR(
                        Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1,
                        int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos,
                        bool cycle_momentum = true, IEnumerable<double>? base_momentum = null,
                        IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4,
                        bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        if (cycle_momentum && optimizer is not (IMomentum or IBetas))
                            throw new ArgumentException("optimizer must support momentum with `cycle_momentum` option enabled");
                        if (!(pct_start >= 0 && pct_start <= 1))
                        {
                            throw new ArgumentException(
                                $"Expected float between 0 and 1 for pct_start, but got {pct_start}", nameof(pct_start));
                        }
                        _totalSteps = TotalSteps(total_steps, epochs, steps_per_epoch);
                        _cycleMomentum = cycle_momentum;
                        _strategy = anneal_strategy;
                        _baseMomentum = (base_momentum ?? Repeat(optimizer, 0.85)).ToArray();
                        _maxMomentum = (max_momentum ?? Repeat(optimizer, 0.95)).ToArray();
                        _phases = Phases(max_lr.ToArray(), pct_start, div_factor, final_div_factor, three_phase);
                        step();
                    }

                    /// <summary>How a phase goes from one value to the other.</summary>
                    public enum AnnealStrategy
                    {
                        /// <summary>Half a cosine.</summary>
                        Cos,

                        /// <summary>A straight line.</summary>
                        Linear,
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr()
                    {
                        if (_last_epoch > _totalSteps)
                        {
                            throw new InvalidOperationException(
                                $"Tried to step {_last_epoch + 1} times. The specified number of total steps is {_totalSteps}");
                        }
                        int current = 0;
                        while (current < _phases.Length - 1 && _last_epoch > _phases[current].End) current++;
                        Phase phase = _phases[current];
                        double begin = current == 0 ? 0 : _phases[current - 1].End;
                        double share = (_last_epoch - begin) / (phase.End - begin);
                        if (_cycleMomentum) SetMomentum(phase, share);
                        return phase.From.Select((from, i) => Between(from, phase.To[i], share)).ToList();
                    }

                    private void SetMomentum(Phase phase, double share)
                    {
                        int i = 0;
                        foreach (ILearningRateController group in Groups)
                        {
                            double momentum = Between(phase.FromMomentum[i], phase.ToMomentum[i], share);
                            i++;
                            if (group is IBetas betas)
                                betas.Betas = (momentum, betas.Betas.Item2);
                            else if (group is IMomentum own)
                                own.Momentum = momentum;
                        }
                    }

                    private double Between(double from, double to, double share) =>
                        _strategy == AnnealStrategy.Cos
                            ? to + (from - to) / 2 * (Math.Cos(Math.PI * share) + 1)
                            : from + (to - from) * share;

                    private Phase[] Phases(double[] peak, double rising, double divisor, double finalDivisor, bool three)
                    {
                        double[] first = Array.ConvertAll(peak, rate => rate / divisor);
                        double[] last = Array.ConvertAll(first, rate => rate / finalDivisor);
                        double turn = rising * _totalSteps - 1;
                        double end = _totalSteps - 1;
                        var up = new Phase(turn, first, peak, _maxMomentum, _baseMomentum);
                        return three
                            ?
                            [
                                up, new Phase(2 * rising * _totalSteps - 2, peak, first, _baseMomentum, _maxMomentum),
                                new Phase(end, first, last, _maxMomentum, _maxMomentum),
                            ]
                            : [up, new Phase(end, peak, last, _baseMomentum, _maxMomentum)];
                    }

                    private static int TotalSteps(int total, int epochs, int stepsPerEpoch)
                    {
                        if (total == -1 && epochs == -1 && stepsPerEpoch == -1)
                            throw new ArgumentException("You must define either total_steps OR (epochs AND steps_per_epoch)");
                        if (total != -1) return Positive(total, "total_steps");
                        return Positive(epochs, "epochs") * Positive(stepsPerEpoch, "steps_per_epoch");
                    }

                    private static int Positive(int value, string what) =>
                        value > 0 ? value : throw new ArgumentException($"Expected positive integer {what}, but got {value}");

                    private static IEnumerable<double> Repeat(Optimizer optimizer, double value)
                    {
                        ArgumentNullException.ThrowIfNull(optimizer);
                        return Enumerable.Repeat(value, optimizer.ParamGroups.Count());
                    }

                    /// <summary>A stretch of the schedule up to a step, with one pair of values per group.</summary>
                    private sealed record Phase(
                        double End, double[] From, double[] To, double[] FromMomentum, double[] ToMomentum);
                }
            }
        }
    }
}
