using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Tests.Recipes;

public class ScheduleTests
{
    private const double Step = 0.01;

    [Theory]
    [InlineData(LearningRateKind.Constant, 5.0, 1.0)]
    [InlineData(LearningRateKind.Linear, 0.0, 1.0)]
    [InlineData(LearningRateKind.Linear, 2.5, 0.75)]
    [InlineData(LearningRateKind.Linear, 10.0, 0.0)]
    [InlineData(LearningRateKind.Cosine, 0.0, 1.0)]
    [InlineData(LearningRateKind.Cosine, 5.0, 0.5)]
    [InlineData(LearningRateKind.Cosine, 10.0, 0.0)]
    [InlineData(LearningRateKind.OneCycle, 0.0, 0.04)]
    [InlineData(LearningRateKind.OneCycle, 3.0, 1.0)]
    [InlineData(LearningRateKind.OneCycle, 10.0, 4e-6)]
    public void Learning_rate_has_its_closed_form(LearningRateKind kind, double epoch, double factor) =>
        Assert.Equal(factor, new LearningRateSchedule { Kind = kind }.Factor(epoch, 10, Step), 1e-12);

    [Fact]
    public void Milestones_lower_the_rate_from_their_first_step_on()
    {
        var schedule = new LearningRateSchedule { Kind = LearningRateKind.MultiStep, Milestones = [3, 6], Gamma = 0.1 };

        Assert.Equal(1, schedule.Factor(3 - Step, 10, Step));
        Assert.Equal(0.1, schedule.Factor(3, 10, Step), 1e-15);
        Assert.Equal(0.01, schedule.Factor(6, 10, Step), 1e-15);
    }

    [Fact]
    public void Warm_up_begins_above_zero_and_ends_with_its_last_step()
    {
        var schedule = new LearningRateSchedule { Kind = LearningRateKind.Constant, WarmUp = 2 };

        Assert.Equal(0.25, schedule.Factor(0, 10, 0.5), 1e-15);
        Assert.Equal(1, schedule.Factor(1.5, 10, 0.5), 1e-15);
        Assert.Equal(1, schedule.Factor(2, 10, 0.5));
    }

    [Theory]
    [InlineData(RampKind.Linear, 1.0, 2.0)]
    [InlineData(RampKind.Cosine, 2.0, 3.0)]
    [InlineData(RampKind.Cosine, 1.0, 1.0 + 4 * 0.14644660940672624)]
    [InlineData(RampKind.Step, 3.99, 1.0)]
    [InlineData(RampKind.Step, 4.0, 5.0)]
    [InlineData(RampKind.Linear, 7.0, 5.0)]
    public void Ramps_go_from_one_value_to_the_other(RampKind kind, double epoch, double value) =>
        Assert.Equal(value, new ScheduledValue(1, 5, 4, kind).At(epoch), 1e-12);

    [Fact]
    public void Constants_hold_even_where_they_are_infinite() =>
        Assert.Equal(double.PositiveInfinity, ((ScheduledValue)double.PositiveInfinity).At(3));
}
