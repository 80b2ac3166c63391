using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class BatchPlanTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 3)]
    [InlineData(12, 4)]
    [InlineData(1000, 128)]
    public void An_epoch_visits_every_sample_once(int count, int batchSize)
    {
        var plan = new BatchPlan(count, batchSize, seed: 4);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            ReadOnlyMemory<int>[] batches = [.. plan.Batches(epoch)];
            Assert.Equal(plan.StepsPerEpoch, batches.Length);
            Assert.Equal(Enumerable.Range(0, count), batches.SelectMany(b => b.ToArray()).Order());
            Assert.All(batches[..^1], batch => Assert.Equal(batchSize, batch.Length));
        }
    }

    [Fact]
    public void Epochs_and_seeds_have_orders_of_their_own_and_repeat_them()
    {
        var plan = new BatchPlan(100, 10, seed: 4);
        Assert.Equal(plan.Order(0), new BatchPlan(100, 7, seed: 4).Order(0));
        Assert.NotEqual(plan.Order(0), plan.Order(1));
        Assert.NotEqual(plan.Order(0), new BatchPlan(100, 10, seed: 5).Order(0));
        Assert.NotEqual(Enumerable.Range(0, 100), plan.Order(0));
    }

    [Fact]
    public void A_run_that_resumes_at_a_step_sees_the_batches_that_the_unbroken_run_sees()
    {
        var plan = new BatchPlan(103, 10, seed: 9);
        int[][] whole = [.. plan.Batches(epoch: 6).Select(b => b.ToArray())];
        for (int step = 0; step <= plan.StepsPerEpoch; step++)
            Assert.Equal(whole[step..], new BatchPlan(103, 10, seed: 9).Batches(6, step).Select(b => b.ToArray()));
    }

    [Fact]
    public void Dropping_the_last_batch_leaves_full_ones_only()
    {
        var plan = new BatchPlan(103, 10, seed: 9, dropLast: true);
        Assert.Equal(10, plan.StepsPerEpoch);
        Assert.All(plan.Batches(0), batch => Assert.Equal(10, batch.Length));
        Assert.Equal(plan.Order(0)[..100], plan.Batches(0).SelectMany(b => b.ToArray()));
    }

    [Fact]
    public void A_sequential_plan_keeps_the_order_of_the_set() =>
        Assert.Equal(Enumerable.Range(0, 11), BatchPlan.Sequential(11, 4).Batches(3).SelectMany(b => b.ToArray()));

    [Fact]
    public void The_order_of_a_fixed_seed_and_epoch_is_that_of_an_independent_implementation() =>
        Assert.Equal([6, 0, 4, 7, 8, 1, 2, 5, 9, 3], new BatchPlan(10, 3, seed: 42).Order(2));

    [Fact]
    public void Refuses_sizes_and_steps_out_of_range()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPlan(0, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPlan(1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPlan(5, 6, 0, dropLast: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPlan(5, 2, 0).Batches(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPlan(5, 2, 0).Batches(-1));
    }
}
