namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Learning rates over time. A schedule sets the rate of epoch 0 when it is made, and the next one at every step.</summary>
        public static partial class lr_scheduler
        {
            /// <summary>The base of the schedules.</summary>
            public abstract class LRScheduler
            {
                /// <summary>How often <see cref="step()"/> ran.</summary>
                protected int _step_count;

                internal readonly Optimizer _optimizer;
                internal readonly List<double> _base_lrs;
                internal readonly bool _verbose;
                internal List<double> _last_lrs;
                internal int _last_epoch;

                /// <summary>A schedule of an optimiser's groups, relative to the rates that they started with.</summary>
                /// <param name="optimizer">The optimiser.</param>
                /// <param name="last_epoch">The last epoch of an earlier run; −1 to start.</param>
                /// <param name="verbose">Whether to print every change.</param>
                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    _optimizer = optimizer;
                    _last_epoch = last_epoch;
                    _verbose = verbose;
                    _base_lrs = Groups.Select(group => group.InitialLearningRate).ToList();
                    _last_lrs = Groups.Select(group => group.LearningRate).ToList();
                }

                private protected IEnumerable<ILearningRateController> Groups => _optimizer.ParamGroups;

                /// <summary>Sets the rates of the next epoch.</summary>
                public virtual void step() => step(null);

                /// <summary>Sets the rates of a given epoch, or of the next one.</summary>
                public virtual void step(int? epoch)
                {
                    _step_count++;
                    _last_epoch = epoch ?? _last_epoch + 1;
                    List<double> rates = (epoch is null ? get_lr() : get_closed_form_lr()).ToList();
                    int i = 0;
                    foreach (ILearningRateController group in Groups.ToList())
                    {
                        group.LearningRate = rates[i];
                        if (_verbose && _last_lrs[i] != rates[i]) Console.WriteLine($"Adjusting learning rate to {rates[i]}");
                        _last_lrs[i] = rates[i];
                        i++;
                    }
                }

                /// <summary>The rates that the last step set, one per group.</summary>
                public IEnumerable<double> get_last_lr() => _last_lrs;

                /// <summary>The rates of the epoch that was reached, from those of the epoch before.</summary>
                protected virtual IEnumerable<double> get_lr() => Groups.Select(group => group.LearningRate);

                /// <summary>The rates of the epoch that was reached, from the initial ones.</summary>
                protected virtual IEnumerable<double> get_closed_form_lr() => get_lr();

                private protected IEnumerable<double> Scaled(double factor) => Groups.Select(group => group.LearningRate * factor);

                private protected IEnumerable<double> BaseScaled(double factor) => _base_lrs.Select(rate => rate * factor);
            }
        }
    }
}
