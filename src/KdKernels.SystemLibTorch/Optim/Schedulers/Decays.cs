namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>The schedules themselves; the functions of the same names make them.</summary>
            public static partial class impl
            {
                /// <summary>base·λ(epoch).</summary>
                public class LambdaLR : LRScheduler
                {
                    private readonly List<Func<int, double>> _lambdas;

                    /// <summary>One factor for all groups.</summary>
                    public LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _lambdas = Enumerable.Repeat(lr_lambda, _base_lrs.Count).ToList();
                        step();
                    }

                    /// <summary>One factor per group.</summary>
                    public LambdaLR(
                        Optimizer optimizer, IEnumerable<Func<int, double>> lr_lambdas, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _lambdas = lr_lambdas.ToList();
                        if (_lambdas.Count != _base_lrs.Count)
                        {
                            throw new ArgumentException(
                                $"expected {_base_lrs.Count} functions, one per group, but got {_lambdas.Count}", nameof(lr_lambdas));
                        }
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() =>
                        _base_lrs.Select((rate, i) => rate * _lambdas[i](_last_epoch));
                }

                /// <summary>base·gamma^⌊epoch / step_size⌋.</summary>
                public class StepLR : LRScheduler
                {
                    private readonly int _stepSize;
                    private readonly double _gamma;

                    /// <summary>Multiplies by gamma every step_size epochs.</summary>
                    public StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step_size);
                        _stepSize = step_size;
                        _gamma = gamma;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() =>
                        Scaled(_last_epoch > 0 && _last_epoch % _stepSize == 0 ? _gamma : 1);

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_closed_form_lr() =>
                        BaseScaled(Math.Pow(_gamma, _last_epoch / _stepSize));
                }

                /// <summary>base·gamma^(milestones reached).</summary>
                public class MultiStepLR : LRScheduler
                {
                    private readonly IList<int> _milestones;
                    private readonly double _gamma;

                    /// <summary>Multiplies by gamma at every milestone.</summary>
                    public MultiStepLR(
                        Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _milestones = milestones;
                        _gamma = gamma;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() => Scaled(_milestones.Contains(_last_epoch) ? _gamma : 1);

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_closed_form_lr() =>
                        BaseScaled(Math.Pow(_gamma, _milestones.Distinct().Count(milestone => milestone <= _last_epoch)));
                }

                /// <summary>base·gamma^epoch.</summary>
                public class ExponentialLR : LRScheduler
                {
                    private readonly double _gamma;

                    /// <summary>Multiplies by gamma every epoch.</summary>
                    public ExponentialLR(Optimizer optimizer, double gamma = 0.1, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _gamma = gamma;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() => Scaled(_last_epoch == 0 ? 1 : _gamma);

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_closed_form_lr() => BaseScaled(Math.Pow(_gamma, _last_epoch));
                }

                /// <summary>base·(start + (end − start)·min(epoch, total) / total).</summary>
                public class LinearLR : LRScheduler
                {
                    private readonly double _start;
                    private readonly double _end;
                    private readonly int _total;

                    /// <summary>Goes from one factor to another, in a straight line, within total_iters epochs.</summary>
                    public LinearLR(
                        Optimizer optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0, int total_iters = 5,
                        int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _start = start_factor;
                        _end = end_factor;
                        _total = total_iters;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr()
                    {
                        if (_last_epoch == 0) return Scaled(_start);
                        if (_last_epoch > _total) return Scaled(1);
                        double change = _end - _start;
                        return Scaled(1 + change / (_total * _start + (_last_epoch - 1) * change));
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_closed_form_lr() =>
                        BaseScaled(_start + (_end - _start) * Math.Min(_total, _last_epoch) / _total);
                }

                /// <summary>eta_min + (base − eta_min)·(1 + cos(π·epoch / T_max)) / 2.</summary>
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double _halfPeriod;
                    private readonly double _minimum;

                    /// <summary>Goes down to eta_min within T_max epochs, and up again if there are more.</summary>
                    public CosineAnnealingLR(
                        Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _halfPeriod = T_max;
                        _minimum = eta_min;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr()
                    {
                        if (_last_epoch == 0) return Scaled(1);

                        // At the minimum the recursion would divide zero by zero.
                        if ((_last_epoch - 1 - _halfPeriod) % (2 * _halfPeriod) == 0)
                        {
                            double rise = (1 - Math.Cos(Math.PI / _halfPeriod)) / 2;
                            return Groups.Select((group, i) => group.LearningRate + (_base_lrs[i] - _minimum) * rise);
                        }
                        double ratio = Height(_last_epoch) / Height(_last_epoch - 1);
                        return Groups.Select(group => ratio * (group.LearningRate - _minimum) + _minimum);
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_closed_form_lr() =>
                        _base_lrs.Select(rate => _minimum + (rate - _minimum) * Height(_last_epoch) / 2);

                    private double Height(int epoch) => 1 + Math.Cos(Math.PI * epoch / _halfPeriod);
                }

                /// <summary>Schedules one after another, the next from each milestone on, which counts as its epoch 0.</summary>
                public class SequentialLR : LRScheduler
                {
                    private readonly LRScheduler[] _schedulers;
                    private readonly int[] _milestones;

                    /// <summary>Schedules of one optimiser, and the epochs at which they change.</summary>
                    public SequentialLR(
                        Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int last_epoch = -1)
                        : base(optimizer, last_epoch + 1, false)
                    {
                        _schedulers = schedulers.ToArray();
                        _milestones = milestones.ToArray();
                        if (_schedulers.Any(scheduler => scheduler._optimizer != optimizer))
                            throw new ArgumentException("expected schedulers of the given optimizer but got one of another");
                        if (_milestones.Length != _schedulers.Length - 1)
                        {
                            throw new ArgumentException(
                                $"expected {_schedulers.Length - 1} milestones between {_schedulers.Length} schedulers "
                                + $"but got {_milestones.Length}",
                                nameof(milestones));
                        }

                        // Making the schedulers set the rates of each one's epoch 0: undo that, then start the first again.
                        foreach (ILearningRateController group in Groups) group.LearningRate = group.InitialLearningRate;
                        foreach (LRScheduler scheduler in _schedulers) scheduler._last_epoch--;
                        _schedulers[0].step();
                        _last_lrs = _schedulers[0]._last_lrs.ToList();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr()
                    {
                        int index = _milestones.Count(milestone => milestone <= _last_epoch);
                        if (index > 0 && _milestones[index - 1] == _last_epoch)
                            _schedulers[index].step(0);
                        else
                            _schedulers[index].step();
                        return Groups.Select(group => group.LearningRate);
                    }
                }
            }
        }
    }
}
