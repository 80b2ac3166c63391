using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace KdKernels.SystemLibTorch.Tests.Optim;

public class SchedulerTests
{
    private const double Base = 0.4;

    [Fact]
    public void Lambda_multiplies_the_base_rate() => Check(o => LambdaLR(o, epoch => 1.0 / (epoch + 1)), e => Base / (e + 1));

    [Fact]
    public void Step_drops_every_few_epochs() => Check(o => StepLR(o, 3, 0.5), e => Base * Math.Pow(0.5, e / 3));

    [Fact]
    public void Multi_step_drops_at_the_milestones() =>
        Check(o => MultiStepLR(o, [2, 5, 6], 0.1), e => Base * Math.Pow(0.1, (e >= 2 ? 1 : 0) + (e >= 5 ? 1 : 0) + (e >= 6 ? 1 : 0)));

    [Fact]
    public void Exponential_drops_every_epoch() => Check(o => ExponentialLR(o, 0.8), e => Base * Math.Pow(0.8, e));

    [Fact]
    public void Linear_goes_in_a_straight_line() =>
        Check(o => LinearLR(o, 0.25, 0.75, 8), e => Base * (0.25 + 0.5 * Math.Min(e, 8) / 8));

    [Theory]
    [InlineData(6)]
    [InlineData(25)]
    public void Cosine_goes_down_and_up_again(int half) =>
        Check(o => CosineAnnealingLR(o, half, 0.05), e => 0.05 + (Base - 0.05) * (1 + Math.Cos(Math.PI * e / half)) / 2);

    [Fact]
    public void Sequential_starts_each_schedule_at_its_milestone() =>
        Check(
            o => SequentialLR(o, [LinearLR(o, 0.1, 1.0, 4), ExponentialLR(o, 0.9)], [4]),
            e => e < 4 ? Base * (0.1 + 0.9 * e / 4) : Base * Math.Pow(0.9, e - 4));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_group_follows_the_one_cycle(bool threePhases)
    {
        using var scope = NewDisposeScope();
        using SGD optimizer = Groups();
        const int Total = 20;
        LRScheduler schedule = OneCycleLR(
            optimizer, [1.0, 2.0], Total, pct_start: 0.3, base_momentum: [0.8, 0.7], max_momentum: [0.9, 0.95], div_factor: 10,
            final_div_factor: 100, three_phase: threePhases);
        for (int step = 0; step < Total; step++)
        {
            double[] peaks = [1, 2], low = [0.8, 0.7], high = [0.9, 0.95];
            double[] rates = schedule.get_last_lr().ToArray();
            double[] momenta = optimizer.ParamGroups.Select(group => ((SGD.ParamGroup)group).Momentum).ToArray();
            for (int g = 0; g < 2; g++)
            {
                double first = peaks[g] / 10, last = first / 100;
                double turn = 0.3 * Total - 1, back = 2 * 0.3 * Total - 2;
                var (rate, momentum) = step <= turn ? (Cosine(first, peaks[g], step / turn), Cosine(high[g], low[g], step / turn))
                    : !threePhases ? Both(peaks[g], last, low[g], high[g], (step - turn) / (Total - 1 - turn))
                    : step <= back ? Both(peaks[g], first, low[g], high[g], (step - turn) / (back - turn))
                    : Both(first, last, high[g], high[g], (step - back) / (Total - 1 - back));
                Assert.Equal(rate, rates[g], 12);
                Assert.Equal(momentum, momenta[g], 12);
            }
            schedule.step();
        }
        var error = Assert.Throws<InvalidOperationException>(schedule.step);
        Assert.Contains("number of total steps is 20", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_cycle_moves_the_first_beta_of_adam_and_can_go_in_straight_lines()
    {
        using var scope = NewDisposeScope();
        using var optimizer = optim.Adam([nn.Parameter(ones([1]))], beta2: 0.99);
        LRScheduler schedule = OneCycleLR(
            optimizer, 1.0, epochs: 2, steps_per_epoch: 5, pct_start: 0.5, anneal_strategy: impl.OneCycleLR.AnnealStrategy.Linear);
        schedule.step();
        schedule.step();
        Assert.Equal(0.04 + 0.96 * 2 / 4, schedule.get_last_lr().Single(), 12);
        var (beta1, beta2) = ((Adam.ParamGroup)optimizer.ParamGroups.Single()).Betas;
        Assert.Equal(0.95 - 0.1 * 2 / 4, beta1, 12);
        Assert.Equal(0.99, beta2);
    }

    [Fact]
    public void A_given_epoch_takes_the_closed_form()
    {
        using var scope = NewDisposeScope();
        using SGD optimizer = Groups();
        LRScheduler schedule = CosineAnnealingLR(optimizer, 10);
        schedule.step(7);
        Assert.Equal(Base * (1 + Math.Cos(0.7 * Math.PI)) / 2, optimizer.ParamGroups.First().LearningRate, 14);
        schedule.step();
        Assert.Equal(Base * (1 + Math.Cos(0.8 * Math.PI)) / 2, optimizer.ParamGroups.First().LearningRate, 14);
    }

    [Fact]
    public void Wrong_arguments_are_named()
    {
        using var scope = NewDisposeScope();
        using SGD optimizer = Groups(), another = Groups();
        Assert.Throws<ArgumentException>(() => OneCycleLR(optimizer, 1.0));
        Assert.Throws<ArgumentException>(() => OneCycleLR(optimizer, 1.0, total_steps: 5, pct_start: 1.5));
        Assert.Throws<ArgumentException>(() => SequentialLR(optimizer, [StepLR(optimizer, 1)], [1]));
        Assert.Throws<ArgumentException>(() => SequentialLR(optimizer, [StepLR(another, 1)], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => StepLR(optimizer, 0));
    }

    /// <summary>Runs a schedule of two groups whose base rates are in the ratio one to two.</summary>
    private static void Check(Func<optim.Optimizer, LRScheduler> create, Func<int, double> rate)
    {
        using var scope = NewDisposeScope();
        using SGD optimizer = Groups();
        LRScheduler schedule = create(optimizer);
        for (int epoch = 0; epoch < 20; epoch++)
        {
            double[] rates = optimizer.ParamGroups.Select(group => group.LearningRate).ToArray();
            Assert.Equal(rate(epoch), rates[0], 12);
            Assert.Equal(rates, schedule.get_last_lr());
            schedule.step();
        }
    }

    private static SGD Groups() =>
        optim.SGD(
            [
                new SGD.ParamGroup([nn.Parameter(ones([1]))], lr: Base, momentum: 0.5),
                new SGD.ParamGroup([nn.Parameter(ones([1]))], lr: 2 * Base, momentum: 0.5),
            ],
            Base);

    private static double Cosine(double from, double to, double share) => to + (from - to) * (1 + Math.Cos(Math.PI * share)) / 2;

    private static (double, double) Both(double from, double to, double fromMomentum, double toMomentum, double share) =>
        (Cosine(from, to, share), Cosine(fromMomentum, toMomentum, share));
}
